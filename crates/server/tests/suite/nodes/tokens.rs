//! What one node does, the other knows at its next call.

use serde_json::json;
use tousu::secrets;
use tousu_client::Credentials;
use tousu_wire::{PermissionSet, ReturnCode};

use super::two_nodes;
use crate::support::*;

#[test]
fn what_one_node_does_the_other_knows_at_once() {
    on_each_database(async |database| {
        let nodes = two_nodes(database, |settings| settings.limits.calls_factor = 100).await;
        let shop = nodes[0].shop("appNodes").await;
        let mut app = nodes[0].app(&shop).await;
        let client_id = app.client_id.clone().unwrap();
        let set = PermissionSet::ComplaintsQuery.name();
        for round in 0..100 {
            let (here, there) = (&nodes[round % 2], &nodes[(round + 1) % 2]);
            let token = here.client(&app).fetch_token().await.unwrap().access_token;
            let again = there.client(&app).fetch_token().await.unwrap().access_token;
            assert_eq!(again, token, "the living token, whichever node is asked");
            let before = there.list(&token, json!({})).await;
            assert_eq!(before.total(), round as i64);

            let id = format!("c_{round}");
            here.put(&shop, &[complaint(&id, NOW + round as i64)]).await;
            let after = there.list(&token, json!({})).await;
            assert_eq!(
                (after.total(), &after.data()["list"][0]["complaint_id"]),
                (round as i64 + 1, &json!(id))
            );

            let call = async || there.list(&token, json!({})).await.code();
            let (mut tx, _) = here.store.write(&shop).await.unwrap().unwrap();
            assert!(tx.revoke(&shop, &client_id, set).await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(call().await, ReturnCode::NotPermitted.number());
            let (mut tx, _) = here.store.write(&shop).await.unwrap().unwrap();
            tx.grant(&shop, &client_id, set, NOW).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(call().await, 0);

            let secret_key = secrets::new_secret_key();
            let (mut tx, _) = here.store.write(&shop).await.unwrap().unwrap();
            tx.set_secret(&shop, &client_id, &secret_key.hash()).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(call().await, ReturnCode::AccessTokenExpired.number());
            let refused = there.client(&app).fetch_token().await.unwrap_err();
            assert_eq!(refused.return_code(), Some(ReturnCode::SecretKeyWrong));
            app = Credentials { secret_key: secret_key.reveal().to_owned(), ..app };
        }
    });
}
