use std::sync::LazyLock;

use crate::picture::Columns;
use crate::schema::{Column, ForeignKey, KeyColumn, Name, PrimaryKey, Schema, Table};

use super::*;

/// A schema of tables with an `id`, some more columns, and references to the tables of these numbers.
fn schema(references: &[&[usize]]) -> Schema {
    let mut schema = Schema::default();
    for (number, parents) in references.iter().enumerate() {
        let mut table = Table::new(format!("table_{number}"));
        table.columns.push(Column::new("id", Some("INTEGER")));
        let columns = vec![KeyColumn::new("id")];
        table.primary_key =
            Some(PrimaryKey { name: None, columns, on_conflict: None, autoincrement: false, inline: true });
        for filler in 0..number % 7 {
            table.columns.push(Column::new(format!("a_column_{}", "x".repeat(filler * 9)), Some("TEXT")));
        }
        for (key, parent) in parents.iter().enumerate() {
            let name = format!("parent_{key}");
            table.columns.push(Column::new(name.as_str(), Some("INTEGER")));
            table.foreign_keys.push(ForeignKey {
                name: None,
                columns: vec![Name::new(name)],
                parent: Name::new(format!("table_{parent}")),
                parent_columns: vec![],
                on_delete: crate::schema::Action::NoAction,
                on_update: crate::schema::Action::NoAction,
                match_type: None,
                deferrable: None,
                inline: true,
            });
        }
        schema.tables.insert(table.name.clone(), table);
    }
    schema
}

/// Schemas of many forms: nothing, alone, itself, a circle, a star, a chain, a dense one, sixty tables.
fn schemas() -> Vec<Schema> {
    let star: Vec<&[usize]> = (0..40).map(|number| if number == 0 { &[] as &[usize] } else { &[0] }).collect();
    let chain: Vec<Vec<usize>> = (0..12).map(|number: usize| number.checked_sub(1).into_iter().collect()).collect();
    let dense: Vec<Vec<usize>> =
        (0..9).map(|number| (0..9).filter(|other| (number + other) % 3 == 0).collect()).collect();
    let sixty: Vec<Vec<usize>> = (0..60)
        .map(|number| (0..3).map(|key| (number * 7 + key * 13) % (number / 2 + 1)).take(number % 4).collect())
        .collect();
    let borrowed = |lists: &[Vec<usize>]| schema(&lists.iter().map(Vec::as_slice).collect::<Vec<_>>());
    vec![
        schema(&[]),
        schema(&[&[]]),
        schema(&[&[], &[], &[]]),
        schema(&[&[0]]),
        schema(&[&[0, 1], &[0]]),
        schema(&[&[2], &[0], &[1], &[99]]),
        schema(&star),
        borrowed(&chain),
        borrowed(&dense),
        borrowed(&sixty),
    ]
}

/// The pictures of all these schemas, drawn once.
static DRAWN: LazyLock<Vec<(Picture, Layout)>> = LazyLock::new(|| {
    let of = |schema: &Schema, columns| {
        let picture = Picture::of(schema, &|_| true, columns);
        let layout = Layout::of(&picture);
        (picture, layout)
    };
    schemas().iter().flat_map(|schema| [Columns::All, Columns::Keys, Columns::None].map(|it| of(schema, it))).collect()
});

#[test]
fn no_card_lies_on_another_and_all_are_inside_the_picture() {
    for (picture, layout) in &*DRAWN {
        assert_eq!(layout.cards.len(), picture.cards.len());
        for (number, one) in layout.cards.iter().enumerate() {
            assert!(one.corner.x >= 0.0 && one.corner.x + one.width <= layout.width, "{one:?}");
            assert!(one.corner.y >= 0.0 && one.corner.y + one.height <= layout.height, "{one:?}");
            for other in &layout.cards[..number] {
                let beside = one.corner.x + one.width < other.corner.x || other.corner.x + other.width < one.corner.x;
                let below = one.corner.y + one.height < other.corner.y || other.corner.y + other.height < one.corner.y;
                assert!(beside || below, "{one:?} lies on {other:?}");
            }
        }
    }
}

#[test]
fn lines_lead_from_column_to_column_and_never_over_a_card() {
    let mut seen = 0;
    for (picture, layout) in &*DRAWN {
        for (reference, points) in picture.references.iter().zip(&layout.lines) {
            seen += 1;
            for (end, point) in [(reference.child, points[0]), (reference.parent, points[points.len() - 1])] {
                let area = layout.cards[end.card];
                assert!((point.y - area.corner.y - offset(end)).abs() < 0.01, "{} at {point:?}", reference.text);
                let sides = [area.corner.x, area.corner.x + area.width];
                assert!(sides.iter().any(|side| (side - point.x).abs() < 0.01), "{} at {point:?}", reference.text);
            }
            for pair in points.windows(2) {
                let (one, two) = (pair[0], pair[1]);
                assert!((one.x - two.x).abs() < 0.01 || (one.y - two.y).abs() < 0.01, "{} is slanted", reference.text);
                let (left, right) = (one.x.min(two.x), one.x.max(two.x));
                let (top, bottom) = (one.y.min(two.y), one.y.max(two.y));
                for Area { corner, width, height } in &layout.cards {
                    let is_over = left < corner.x + width - 0.5
                        && right > corner.x + 0.5
                        && top < corner.y + height - 0.5
                        && bottom > corner.y + 0.5;
                    assert!(!is_over, "{} runs over a card at {corner:?}", reference.text);
                }
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

/// The pieces of a line that run across, with the parent's end that they lead to.
fn pieces(picture: &Picture, layout: &Layout) -> Vec<(End, Point, Point)> {
    let lines = picture.references.iter().zip(&layout.lines);
    lines.flat_map(|(reference, points)| points.windows(2).map(|pair| (reference.parent, pair[0], pair[1]))).collect()
}

#[test]
fn lines_to_different_keys_do_not_run_up_and_down_on_each_other() {
    for (picture, layout) in &*DRAWN {
        let pieces = pieces(picture, layout);
        let upright = || pieces.iter().filter(|(_, one, two)| (one.y - two.y).abs() > 0.5);
        for (parent, one, two) in upright() {
            for (other_parent, other_one, other_two) in upright() {
                let meet =
                    one.y.min(two.y) < other_one.y.max(other_two.y) && other_one.y.min(other_two.y) < one.y.max(two.y);
                let apart = (one.x - other_one.x).abs() > 3.0;
                assert!(
                    parent == other_parent || !meet || apart,
                    "{parent:?} {one:?} and {other_parent:?} {other_one:?}"
                );
            }
        }
    }
}

#[test]
fn sixty_tables_make_no_ribbon() {
    for (picture, Layout { width, height, .. }) in DRAWN.iter().filter(|(picture, _)| picture.cards.len() >= 40) {
        assert!((0.4..4.0).contains(&(width / height)), "{width} by {height}: {} tables", picture.cards.len());
    }
}

#[test]
fn the_same_schema_has_the_same_picture() {
    for (picture, layout) in DRAWN.iter().step_by(3) {
        assert_eq!(*layout, Layout::of(picture));
    }
}
