//! schemactl

pub mod token;

pub mod report;

pub mod schema;

pub mod model;

pub mod diff;

pub mod cli;
