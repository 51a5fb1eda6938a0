//! What can be wrong with a request as a whole; single bad rows are counted by reason instead.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The bytes are not what their encoding says.
    Malformed(String),
    /// More decoded bytes than the limit.
    TooLarge { limit: usize },
    /// The compressed stream is broken.
    Compression(String),
    /// The open batch cannot take this request; it fits after `finish`.
    BatchFull,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    #[cold]
    #[inline(never)]
    pub fn malformed(what: &str) -> Self {
        Self::Malformed(what.to_owned())
    }

    /// A stable name, matched by the errors of the Python room.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::TooLarge { .. } => "too_large",
            Self::Compression(_) => "compression",
            Self::BatchFull => "batch_full",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) | Self::Compression(what) => f.write_str(what),
            Self::TooLarge { limit } => write!(f, "the body is larger than {limit} bytes"),
            Self::BatchFull => f.write_str("the open batch is full"),
        }
    }
}

impl std::error::Error for Error {}
