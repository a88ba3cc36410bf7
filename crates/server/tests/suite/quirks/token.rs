//! Tokens that die before they should.

use serde_json::json;
use tousu_wire::ReturnCode;

use super::Wrong;
use crate::support::*;

#[test]
fn a_token_dies_early_and_another_is_given() {
    on_each_database(async |database| {
        let wrong = Wrong::by(database, "[[quirk]]\nfault = 'token-dies=60s'\ncalls = 1", 3).await;
        let Wrong { server, token } = &wrong;
        let shop = tousu::secrets::shop_of_token(token).unwrap();
        let app = server.app(&shop).await;
        let first = server.client(&app).fetch_token().await.unwrap();
        assert_eq!(first.expires_in, 7200, "which is not so");
        let code = async |token: &str| server.list(token, json!({})).await.code();
        server.clock.advance_micros(59_000_000);
        assert_eq!(code(&first.access_token).await, 0);
        server.clock.advance_micros(1_000_000);
        assert_eq!(code(&first.access_token).await, ReturnCode::AccessTokenExpired.number());
        let second = server.client(&app).fetch_token().await.unwrap();
        assert_ne!(second.access_token, first.access_token);
        server.clock.advance_micros(7_000_000_000);
        assert_eq!(code(&second.access_token).await, 0, "the second call's token lives");
    });
}
