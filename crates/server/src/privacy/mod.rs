//! What is personal: how it is hidden in texts, kept under a key, and found by its last digits. Pure but for
//! the randomness of sealing and the file in which keys may lie.

pub mod digits;
pub mod free_text;
pub mod keys;
pub mod vault;

pub use digits::tail;
pub use free_text::{masked_id, masked_text};
pub use vault::{Opened, Place, Vault, VaultError, key_id_of};
