//! tmp
/// tmp
pub fn template(d: &str) -> String {
    format!("[schemactl]\ndatabase = \"{d}\"\n")
}
/// tmp
pub fn settings_text(d: &str) -> String {
    template(d)
}
