//! schemactl

pub mod token;

pub mod report;

pub mod schema;

pub mod sql;

pub mod model;

pub mod diff;

pub mod revision;

pub mod database;

pub mod plan;

pub mod operation;

pub mod cli;
