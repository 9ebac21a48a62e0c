//! alf-testkit
