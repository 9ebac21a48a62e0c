//! alf-reqwest
