//! No shop sees another's complaints, whatever it asks for.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;
use tokio::runtime::Handle;
use tousu::complaint::Complaint;
use tousu::store::ShopId;
use tousu_wire::complaint_info_get::ComplaintInfoGet;
use tousu_wire::{Endpoint, ReturnCode};

use crate::support::*;

const SHOPS: usize = 3;
const CASES: u32 = 12;

/// One step of a case; ids come from a pool so small that the shops have many in common.
#[derive(Clone, Debug)]
enum Step {
    Put { shop: usize, id: u8, age: i64 },
    List { shop: usize, id: Option<u8>, page: i64, page_size: i64, since: Option<i64>, channel_type: i64 },
    Fetch { shop: usize, id: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let (shop, id, age) = (0..SHOPS, 0u8..12, 0i64..100);
    let list = (
        shop.clone(),
        prop::option::of(id.clone()),
        1i64..4,
        1i64..8,
        prop::option::of(age.clone()),
        0i64..3,
    );
    prop_oneof![
        2 => (shop.clone(), id.clone(), age).prop_map(|(shop, id, age)| Step::Put { shop, id, age }),
        1 => list.prop_map(|(shop, id, page, page_size, since, channel_type)| {
            Step::List { shop, id, page, page_size, since, channel_type }
        }),
        1 => (shop, id).prop_map(|(shop, id)| Step::Fetch { shop, id }),
    ]
}

fn name(id: u8) -> String {
    format!("c_6621e41fa5e18_dA0idH{id:02}")
}

/// A shop, how it calls, and what it ought to see.
struct Tenant {
    shop: ShopId,
    token: String,
    complaints: BTreeMap<String, Complaint>,
}

impl Tenant {
    async fn new(server: &Server, app_id: String) -> Self {
        let shop = server.shop(&app_id).await;
        let credentials = server.app(&shop).await;
        let token = server.token_for(&shop, &credentials, 7200).await;
        Tenant { shop, token, complaints: BTreeMap::new() }
    }
}

/// Every shop of every case is on one server, so that the later ones have many neighbours.
#[test]
fn a_shop_sees_its_own_alone() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let cases = std::cell::Cell::new(0);
        let outcome = tokio::task::block_in_place(|| {
            runner.run(&prop::collection::vec(step(), 20..60), |steps| {
                cases.set(cases.get() + 1);
                Handle::current().block_on(one_case(&server, cases.get(), steps))
            })
        });
        outcome.unwrap();
    });
}

async fn one_case(server: &Server, case: u32, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut tenants = Vec::new();
    for number in 0..SHOPS {
        tenants.push(Tenant::new(server, format!("app{case}x{number}")).await);
    }
    for step in steps {
        match step {
            Step::Put { shop, id, age } => {
                let tenant = &mut tenants[shop];
                let mut complaint = complaint(&name(id), NOW - age);
                complaint.complaint_reason = tenant.shop.to_string();
                server.put(&tenant.shop, std::slice::from_ref(&complaint)).await;
                tenant.complaints.insert(complaint.complaint_id.clone(), complaint);
            }
            Step::List { shop, id, page, page_size, since, channel_type } => {
                let tenant = &tenants[shop];
                let since = since.map(|age| NOW - age);
                let filter = json!({
                    "complaint_id": id.map(name),
                    "page": page,
                    "page_size": page_size,
                    "start_time": since.map(tousu_wire::BeijingTime::from_epoch),
                    "channel_type": channel_type,
                });
                let answer = server.list(&tenant.token, filter).await;
                let own = tenant.complaints.values().filter(|complaint| {
                    id.is_none_or(|id| complaint.complaint_id == name(id))
                        && since.is_none_or(|since| complaint.complaint_time >= since)
                        && channel_type != 2 // all are made on channel 1
                });
                prop_assert_eq!(answer.total(), own.count() as i64);
                for row in answer.data()["list"].as_array().unwrap() {
                    prop_assert_eq!(&row["complaint_reason"], tenant.shop.as_str());
                    prop_assert!(tenant.complaints.contains_key(row["complaint_id"].as_str().unwrap()));
                }
            }
            Step::Fetch { shop, id } => {
                let tenant = &tenants[shop];
                let body = json!({ "access_token": tenant.token, "complaint_id": name(id) });
                let answer = server.post(&ComplaintInfoGet::path(), &body).await;
                if tenant.complaints.contains_key(&name(id)) {
                    prop_assert_eq!(&answer.data()["app_id"], tenant.shop.as_str());
                    prop_assert_eq!(&answer.data()["complaint_reason"], tenant.shop.as_str());
                } else {
                    prop_assert_eq!(answer.code(), ReturnCode::NoSuchComplaint.number());
                }
            }
        }
    }
    Ok(())
}

/// A token names its shop in its text: writing another's name there opens nothing.
#[test]
fn a_token_cannot_be_turned_to_another_shop() {
    on_each_database(async |database| {
        let server = Server::start(database).await;
        let own = Tenant::new(&server, "appOwn".into()).await;
        let other = Tenant::new(&server, "app_Other".into()).await;
        let forged = own.token.replace("appOwn", "app_Other");
        assert_ne!(forged, own.token);
        for token in [&forged, &other.token.replace("app_Other", "appOwn")] {
            let answer = server.list(token, json!({})).await;
            assert_eq!(answer.code(), ReturnCode::AccessTokenExpired.number());
        }
        // Nor does an app's id and secret with another shop's id.
        let credentials = server.app(&own.shop).await;
        let elsewhere = tousu_client::Credentials { app_id: other.shop.to_string(), ..credentials };
        let refused = server.client(&elsewhere).fetch_token().await.unwrap_err();
        assert_eq!(refused.return_code(), Some(ReturnCode::ClientIdWrong));
    });
}
