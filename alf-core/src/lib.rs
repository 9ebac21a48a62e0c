//! alf-core
