//! The machines' promises, on tables and virtual time.
