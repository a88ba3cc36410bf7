//! What goes over the wire of the published complaint API, as types.
//!
//! An endpoint is a type ([`Endpoint`]) that owns its path, permission set, limit, request and
//! response. The server mounts it, the client calls it, and [`openapi`] documents it, all from
//! the same definition.
//!
//! Sources of rules are marked `[page]` (the published page), `[public]` (other public pages or the
//! official SDKs) and `[ours]` (undocumented, decided here).

pub mod app;
pub mod app_usage;
mod checks;
pub mod codes;
pub mod complaint_act;
pub mod complaint_batch;
pub mod complaint_bundle;
pub mod complaint_changes;
pub mod complaint_create;
pub mod complaint_erase;
pub mod complaint_export;
pub mod complaint_filter;
pub mod complaint_get;
pub mod complaint_history;
pub mod complaint_info_get;
pub mod complaint_list;
pub mod complaint_reveal;
pub mod complaint_search;
pub mod complaint_similar;
pub mod console;
pub mod deadline_explain;
mod endpoint;
mod envelope;
pub mod import_file;
pub mod lenient;
pub mod member;
pub mod mirror;
pub mod openapi;
pub mod preference;
pub mod queue;
pub mod sandbox;
pub mod sandbox_complaint;
pub mod session;
pub mod shop_settings;
pub mod stats;
pub mod subscription;
pub mod subscription_change;
pub mod subscription_deliveries;
mod text;
mod time;
pub mod token;
pub mod written;

pub use endpoint::{
    Endpoint, Example, InvalidParameter, PermissionSet, PersonalEndpoint, RateLimit, SandboxEndpoint, is_read,
};
pub use envelope::{BACKEND_CONFUSED, BURST, Envelope, ReturnCode, meaning};
pub use text::{Lang, Text};
pub use time::{BeijingTime, NO_DATE, NO_DATE_ELSEWHERE, closed_at, optional_time};
