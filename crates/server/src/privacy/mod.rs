//! What is personal: how it is hidden in texts, kept under a key, and found by its last digits. Pure but for
//! the randomness of sealing.

pub mod digits;
pub mod free_text;
pub mod vault;

pub use digits::tail;
pub use free_text::masked_text;
pub use vault::{Opened, Place, Vault, VaultError, key_id_of};
