//! surf with an OAuth 2.0 token on every request.
