//! What can go wrong between a pilot and its server.

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PandaError {
    /// Nobody answered, or not in HTTP: try again.
    #[error("{url} cannot be reached: {reason}")]
    Unreachable {
        /// The request's address.
        url: String,
        /// What the network says.
        reason: String,
    },
    /// The server cannot do it now: try again.
    #[error("{url} cannot answer now: {reason}")]
    Temporary {
        /// The request's address.
        url: String,
        /// What it says.
        reason: String,
    },
    /// The server does not let this pilot do it: nothing changes by trying again.
    #[error("{url} refuses: {reason}{}", hint(.reason))]
    Refused {
        /// The request's address.
        url: String,
        /// What it says.
        reason: String,
    },
    /// The server does not understand the request, or this program not the answer.
    #[error("{url}: {reason}")]
    Invalid {
        /// The request's address.
        url: String,
        /// What was wrong.
        reason: String,
    },
    /// The credentials cannot be used.
    #[error("{0}")]
    Credentials(String),
}

impl PandaError {
    /// Whether the same request may succeed later.
    pub fn may_pass(&self) -> bool {
        matches!(self, PandaError::Unreachable { .. } | PandaError::Temporary { .. })
    }
}

/// What to do about a refusal, where its text tells.
fn hint(reason: &str) -> &'static str {
    let said = reason.to_lowercase();
    if said.contains("role") {
        "; ask for the role production: an origin VO:production, and a token whose groups have it"
    } else if said.contains("secure connection") || said.contains("ssl") {
        "; give a token or a proxy certificate, and an https address"
    } else if said.contains("forbidden") {
        "; this server has no classic interface any more: leave the choice to this program, or take v1"
    } else if said.contains("token") || said.contains("expired") {
        "; renew the token file, or give a key for its renewal"
    } else {
        ""
    }
}
