//! How long what a caller asks for lasts.

use gss_plugin::Lifetime;

/// The lifetime for a request under a limit: a request of 0 asks for the default.
pub(crate) fn granted(request: Lifetime, limit: Lifetime) -> Lifetime {
    if request == Lifetime::DEFAULT { limit } else { request.min(limit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_shortens_and_never_lengthens() {
        assert_eq!(granted(Lifetime::DEFAULT, Lifetime(60)), Lifetime(60));
        assert_eq!(granted(Lifetime(30), Lifetime(60)), Lifetime(30));
        assert_eq!(granted(Lifetime::INDEFINITE, Lifetime(60)), Lifetime(60));
        assert_eq!(granted(Lifetime(30), Lifetime::INDEFINITE), Lifetime(30));
    }
}
