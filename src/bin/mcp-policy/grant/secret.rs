//! Tokens: `mcpg_`, 64 hexadecimal digits of 256 random bits, and 8 of a checksum, by which scanners for leaked secrets can
//! tell a token from a text that looks like one.

use sha2::{Digest as _, Sha256};

const PREFIX: &str = "mcpg_";
/// Digits of the checksum: the first of the SHA-256 of all that precedes it.
const CHECKSUM: usize = 8;

/// Makes a token.
///
/// # Errors
/// If the system has no random bytes.
pub(super) fn generate() -> Result<String, String> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| format!("the system returns no random bytes: {error}"))?;
    let secret = format!("{PREFIX}{}", base16ct::lower::encode_string(&random));
    let checksum: String = sha256(&secret).chars().take(CHECKSUM).collect();
    Ok(secret + &checksum)
}

/// The SHA-256 of a token, in hexadecimal digits.
pub(super) fn sha256(token: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(token.as_bytes()))
}
