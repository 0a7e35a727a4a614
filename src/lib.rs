//! schemactl

pub mod token;

pub mod report;

pub mod schema;

pub mod sql;

pub mod model;

pub mod diff;

pub mod database;
pub mod revision;
