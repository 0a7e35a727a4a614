use super::*;
use crate::database::Scratch;

const TEAM: &str = "\
CREATE TABLE team (id INTEGER PRIMARY KEY, \"full name\" TEXT UNIQUE);
CREATE TABLE badge (team_id INTEGER NOT NULL PRIMARY KEY REFERENCES team, price DECIMAL(10, 2));
CREATE TABLE task (a INTEGER NOT NULL, b INTEGER, team INTEGER REFERENCES team ON DELETE CASCADE, x TEXT NOT NULL,
  boss INTEGER REFERENCES task(a), FOREIGN KEY (a, b) REFERENCES pair (l, r), UNIQUE (a));
CREATE VIRTUAL TABLE notes USING fts5(body);";

fn schema() -> Schema {
    let mut scratch = Scratch::empty().unwrap();
    scratch.run(TEAM).unwrap();
    scratch.schema(&crate::database::Filter::new(Name::from("v"), []).unwrap()).unwrap()
}

fn picture() -> Picture {
    Picture::of(&schema(), &|_| true, Columns::All)
}

#[test]
fn cardinality_comes_from_keys_and_from_null() {
    let picture = picture();
    let told: Vec<(&str, bool, bool)> = picture
        .references
        .iter()
        .map(|reference| (reference.text.as_str(), reference.is_many, reference.is_optional))
        .collect();
    assert_eq!(
        told,
        [
            ("badge.team_id → team.id", false, false),
            ("task.team → team.id, ON DELETE CASCADE", true, true),
            ("task.boss → task.a", true, true),
            // `a` alone is unique, so that each pair is.
            ("task(a, b) → pair(l, r)", false, true),
        ]
    );
}

#[test]
fn a_table_that_is_not_there_is_shown_by_name_and_one_that_is_not_chosen_too() {
    let names = |picture: &Picture| -> Vec<(String, Kind)> {
        picture.cards.iter().map(|card| (card.name.clone(), card.kind.clone())).collect()
    };
    assert!(names(&picture()).contains(&("pair".to_owned(), Kind::Elsewhere)));
    let badge = Picture::of(&schema(), &|name| *name == *"badge", Columns::All);
    assert_eq!(names(&badge), [("badge".to_owned(), Kind::Table), ("team".to_owned(), Kind::Elsewhere)]);
}

#[test]
fn the_keys_alone_can_be_shown_and_the_rest_is_counted() {
    let picture = Picture::of(&schema(), &|name| *name == *"task", Columns::Keys);
    let names: Vec<&str> = picture.cards[0].entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!((names, picture.cards[0].hidden), (vec!["a", "b", "team", "boss"], 1));
}

#[test]
fn mermaid_takes_names_and_types_that_are_no_words() {
    let text = mermaid::write(&picture());
    assert!(text.contains("    DECIMAL(10__2) price \"DECIMAL(10, 2), may be NULL\"\n"), "{text}");
    assert!(text.contains("    TEXT full_name UK \"full name, may be NULL\"\n"), "{text}");
    assert!(text.contains("  \"team\" ||--o| \"badge\" : \"team_id\"\n"), "{text}");
    assert!(text.contains("  \"team\" |o--o{ \"task\" : \"team\"\n"), "{text}");
}

#[test]
fn graphviz_gets_a_port_for_each_column() {
    let text = dot::write(&picture());
    assert!(text.contains("  t1:c0 -> t0:c0 [arrowtail=tee arrowhead=teetee"), "{text}");
}

#[test]
fn every_element_of_the_svg_is_closed_and_every_name_is_escaped() {
    let mut schema = schema();
    let mut table = Table::new("<script>&\"\u{1}");
    table.columns.push(Column::new("]]>--", Some("<b>")));
    schema.tables.insert(table.name.clone(), table);
    let text = svg::write(&Picture::of(&schema, &|_| true, Columns::All));
    let mut open: Vec<&str> = Vec::new();
    for piece in text.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed));
        } else if !tag.ends_with('/') && !tag.starts_with('?') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    assert!(text.contains("&lt;script&gt;&amp;&quot;·"), "{text}");
    assert!(!text.contains("<script") && !text.contains('\u{1}'));
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = html::write(&picture(), "{picture} & more");
    assert_eq!(page.matches("<svg").count(), 1);
    assert!(page.contains("<title>{picture} &amp; more</title>"), "a title is no place to fill");
    for word in ["src=", "href=", "url(", "@import"] {
        assert!(!page.contains(word), "{word}");
    }
}
