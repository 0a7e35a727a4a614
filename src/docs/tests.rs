use super::*;
use crate::database::{Filter, Scratch};

const SCHEMA: &str = "\
CREATE TABLE team (id INTEGER PRIMARY KEY AUTOINCREMENT, \"a|b\" TEXT NOT NULL DEFAULT 'x|y' UNIQUE);
CREATE TABLE task (id INTEGER PRIMARY KEY, team_id INTEGER REFERENCES team ON DELETE CASCADE, due AS (id + 1), CHECK (id > 0)) STRICT;
CREATE UNIQUE INDEX task_due ON task (due DESC) WHERE team_id > 1;
CREATE VIEW open AS SELECT id FROM task;
CREATE TRIGGER touched AFTER INSERT ON task BEGIN SELECT '<b>'; END;";

fn blocks() -> Vec<Block> {
    let mut scratch = Scratch::empty().unwrap();
    scratch.run(&SCHEMA.replace("due AS", "due INTEGER AS")).unwrap();
    let schema = scratch.schema(&Filter::new(Name::from("v"), []).unwrap()).unwrap();
    let mut comments = Comments::new();
    comments.insert((Name::from("task"), None), "What is <to be> done".to_owned());
    comments.insert((Name::from("task"), Some(Name::from("due"))), "a | b".to_owned());
    page("Tasks", &schema, &comments, &|_| true)
}

#[test]
fn a_page_of_markdown_says_what_the_schema_says() {
    let text = markdown::write(&blocks());
    for words in [
        "# Tasks\n\n2 tables, 1 view, 1 trigger\n\n```mermaid\nerDiagram\n",
        "### task\n\nWhat is &lt;to be> done\n\n`STRICT`\n\n| column | type | null | default | comment |\n",
        "| `due` | `INTEGER` | yes | computed: `id + 1` | a \\| b |\n",
        "| `a\\|b` | `TEXT` | no | `'x\\|y'` |\n",
        "- primary key `\"id\"`, AUTOINCREMENT\n",
        "- check `id > 0`\n- `team_id` refers to [team](#t-team), on delete `CASCADE`\n",
        "- referred to by [task](#t-task) `team_id`\n",
        "- unique index `task_due` on `\"due\" DESC` where `team_id > 1`\n\nTrigger:\n\n```sql\nCREATE TRIGGER",
        "<a id=\"t-open\"></a>\n\n### open\n\n```sql\nCREATE VIEW",
    ] {
        assert!(text.contains(words), "{words}\nis not in\n{text}");
    }
}

#[test]
fn a_page_of_html_has_the_picture_and_links_that_lead_somewhere() {
    let text = html::write(&blocks());
    assert_eq!(text.matches("<svg").count(), 1);
    assert!(text.contains("What is &lt;to be&gt; done") && text.contains("'&lt;b&gt;'"), "{text}");
    let links = text.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut seen = 0;
    for link in links {
        seen += 1;
        assert!(text.contains(&format!(" id=\"{link}\"")), "{link} leads nowhere");
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn names_that_differ_have_places_of_their_own() {
    let anchors: Vec<String> =
        ["a b", "a_b", "a-b", "ab", "A B"].map(|name| markdown::anchor(&Name::from(name))).into();
    assert_eq!(anchors[0], anchors[4], "they are one name");
    for (number, one) in anchors[..4].iter().enumerate() {
        assert!(!anchors[..number].contains(one), "{anchors:?}");
    }
}
