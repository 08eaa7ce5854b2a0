//! Why a message cannot be protected, or a token not be taken: one cause, one minor status.

use crate::crypto;
use gss_plugin::{Major, MechError};

macro_rules! causes {
    ($($name:ident = $code:literal, $major:ident, $text:literal;)*) => {
        /// A cause. Its number is the minor status, and says all there is: none carries more than its name.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum PermessageError {
            $(
                #[doc = concat!("`", stringify!($major), "`: ", $text, ".")]
                #[error($text)]
                $name = $code,
            )*
        }

        impl PermessageError {
            /// Every cause.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The major status that goes with it (RFC 2743 section 1.2.1.1).
            pub const fn major(self) -> Major {
                match self {
                    $(Self::$name => Major::$major,)*
                }
            }
        }
    };
}

causes! {
    Truncated = 201, DEFECTIVE_TOKEN, "the token is too short for what its header says of it";
    TokenId = 202, DEFECTIVE_TOKEN, "the token is not of the kind that this call takes (RFC 4121 section 4.2.6)";
    OldToken = 203, DEFECTIVE_TOKEN, "the token has the framing of RFC 1964, which does not go with this context's key";
    Filler = 204, DEFECTIVE_TOKEN, "the filler of the token's header is not 0xFF";
    Direction = 205, BAD_MIC, "the token says that it comes from this side: it was reflected";
    ExtraCount = 206, DEFECTIVE_TOKEN, "the token's extra count is not the length of its checksum";
    Rotation = 207, DEFECTIVE_TOKEN, "the token's rotation count is not the one that its pieces have";
    PieceLength = 208, DEFECTIVE_TOKEN, "the header, trailer or MIC element is not as long as the token says";
    Padding = 209, DEFECTIVE_TOKEN, "the padding element is not empty";
    Checksum = 210, BAD_MIC, "the checksum differs: the message was altered, or belongs elsewhere";
    HeaderCopy = 211, BAD_MIC, "the encrypted copy of the token's header differs from the header";
    Qop = 212, BAD_QOP, "the only quality of protection is 0";
    Layout = 213, FAILURE, "a message in pieces has one header, stream or MIC element, and at most one trailer";
    Room = 214, FAILURE, "the header, trailer or MIC element has too little room: ask for the lengths first";
    Memory = 215, FAILURE, "out of memory for the output";
    Random = 216, FAILURE, "no random numbers from the system";
    Key = 217, FAILURE, "the context's key cannot be used";
    PrfLength = 218, FAILURE, "too much pseudo-random output asked for";
}

/// The outcome of a per-message call.
pub type Result<T> = std::result::Result<T, PermessageError>;

impl PermessageError {
    /// The minor status.
    pub const fn code(self) -> u32 {
        self as u32
    }
}

impl From<crypto::Error> for PermessageError {
    fn from(error: crypto::Error) -> Self {
        match error {
            crypto::Error::Integrity => Self::Checksum,
            crypto::Error::TooShort { .. } | crypto::Error::ChecksumLength { .. } => Self::Truncated,
            crypto::Error::Random(_) => Self::Random,
            crypto::Error::OutputLength => Self::PrfLength,
            _ => Self::Key,
        }
    }
}

impl From<PermessageError> for MechError {
    #[cold]
    fn from(error: PermessageError) -> Self {
        Self::new(error.major(), error.to_string()).minor(error.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_cause_has_a_number_of_its_own_an_error_status_and_a_text() {
        let codes: HashSet<_> = PermessageError::ALL.iter().map(|cause| cause.code()).collect();
        assert_eq!(codes.len(), PermessageError::ALL.len());
        for cause in PermessageError::ALL {
            let error = MechError::from(*cause);
            assert!(error.major.is_error());
            assert_eq!((error.minor, error.text), (cause.code(), cause.to_string()));
        }
    }
}
