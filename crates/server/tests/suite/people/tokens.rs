//! Tokens that act as whoever is signed in.

use serde_json::json;
use tousu_wire::Endpoint;
use tousu_wire::ReturnCode;
use tousu_wire::complaint_list::ComplaintList;

use super::*;
use crate::nodes::two_nodes;

#[test]
fn a_token_acts_as_the_person_and_dies_with_the_session() {
    on_each_database(async |database| {
        let [one, other] = two_nodes(database, |_| {}).await;
        let shop = one.shop("appOne").await;
        person(&one, &shop, "li", "administrator").await;
        let expired = ReturnCode::AccessTokenExpired.number();
        let token_of = async |browser: &Browser| {
            let given = browser.call("tousu.session.token", json!({})).await;
            assert_eq!(given.data()["expires_in"], 7200);
            given.data()["access_token"].as_str().unwrap().to_owned()
        };
        let code = async |token: &str| other.list(token, json!({})).await.code();

        let browser = Browser::of(&one, "li", &shop).await;
        let token = token_of(&browser).await;
        for _ in 0..3 {
            assert_eq!(code(&token).await, 0);
        }
        // It needs neither cookie nor header, but it makes no other token.
        let body = json!({ "access_token": token });
        assert_eq!(one.post("/tousu.member.list/1.0.0", &body).await.code(), 0);
        assert_eq!(
            one.post("/tousu.session.token/1.0.0", &body).await.code(),
            ReturnCode::NotAllowed.number()
        );
        // It is the shop's for which it was made.
        let elsewhere = token.replace("appOne", "appTwo");
        one.shop("appTwo").await;
        assert_eq!(code(&elsewhere).await, expired);
        assert_eq!(code(&other_end(&token)).await, expired);
        // A role that is taken away is taken from it, too.
        person(&one, &shop, "li", "viewer").await;
        assert_eq!(
            one.post("/tousu.member.list/1.0.0", &body).await.code(),
            ReturnCode::NotPermitted.number()
        );
        assert_eq!(code(&token).await, 0);
        browser.call("tousu.session.close", json!({})).await.data();
        assert_eq!(code(&token).await, expired);

        let browser = Browser::of(&one, "li", &shop).await;
        let token = token_of(&browser).await;
        pass(&one, 7199);
        assert_eq!(code(&token).await, 0);
        pass(&one, 1);
        assert_eq!(code(&token).await, expired);
        assert_eq!(browser.code().await, 0);
        // An app's token, where both are there, is what counts.
        let credentials = one.app_with(&shop, |_| {}, &[]).await;
        let of_app = one.token_for(&shop, &credentials, 60).await;
        let answer = browser.call(ComplaintList::NAME, json!({ "access_token": of_app })).await;
        assert_eq!(answer.code(), ReturnCode::NotPermitted.number());
    });
}
