//! Parts of a picture that nothing connects, set beside and below each other.

use super::{Area, Layout, Picture, Point, number};

/// What stays free between two parts.
const GAP: f64 = 48.0;
/// What stays free around the picture.
const BORDER: f64 = 24.0;
/// The proportion of width to height that a picture comes close to.
const PROPORTION: f64 = 1.5;

/// A part that is drawn, with its corner at 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    pub width: f64,
    pub height: f64,
    /// The cards by their place in the picture.
    cards: Vec<(usize, Area)>,
    /// The lines by the place of their references in the picture.
    pub lines: Vec<(usize, Vec<Point>)>,
}

impl Block {
    /// What is drawn, moved to 0.
    pub fn new(mut cards: Vec<(usize, Area)>, mut lines: Vec<(usize, Vec<Point>)>) -> Block {
        let points = || {
            let corners = cards.iter().flat_map(|(_, Area { corner, width, height })| {
                [*corner, Point { x: corner.x + width, y: corner.y + height }]
            });
            corners.chain(lines.iter().flat_map(|(_, points)| points.iter().copied()))
        };
        let least = |coordinate: fn(Point) -> f64| points().map(coordinate).fold(f64::INFINITY, f64::min);
        let most = |coordinate: fn(Point) -> f64| points().map(coordinate).fold(f64::NEG_INFINITY, f64::max);
        let (left, top) = (least(|point| point.x), least(|point| point.y));
        let (width, height) = (most(|point| point.x) - left, most(|point| point.y) - top);
        move_by(&mut cards, &mut lines, -left, -top);
        Block { width, height, cards, lines }
    }
}

fn move_by(cards: &mut [(usize, Area)], lines: &mut [(usize, Vec<Point>)], x: f64, y: f64) {
    let corners = cards.iter_mut().map(|(_, area)| &mut area.corner);
    for point in corners.chain(lines.iter_mut().flat_map(|(_, points)| points)) {
        point.x += x;
        point.y += y;
    }
}

/// The width that the whole picture may take.
pub(super) fn width(blocks: &[Block], alone: &[usize], sizes: &[(f64, f64)]) -> f64 {
    let sizes = || {
        let blocks = blocks.iter().map(|block| (block.width, block.height));
        blocks.chain(alone.iter().map(|&card| sizes[card]))
    };
    let area: f64 = sizes().map(|(width, height)| (width + GAP) * (height + GAP)).sum();
    sizes().map(|(width, _)| width).fold((area * PROPORTION).sqrt(), f64::max)
}

/// Cards without lines, in columns of about the same height.
pub(super) fn grid(alone: &[usize], sizes: &[(f64, f64)], width: f64) -> Option<Block> {
    let gap = GAP / 2.0;
    let widest = alone.iter().map(|&card| sizes[card].0).max_by(f64::total_cmp)?;
    let columns = (1..=alone.len()).rev().find(|&columns| number(columns) * (widest + gap) - gap <= width)?;
    let mut bottoms = vec![0.0; columns];
    let areas = alone.iter().map(|&card| {
        let free = (0..columns).min_by(|&one, &other| f64::total_cmp(&bottoms[one], &bottoms[other]));
        let column = free.expect("there is at least one column");
        let (width, height) = sizes[card];
        let corner = Point { x: number(column) * (widest + gap), y: bottoms[column] };
        bottoms[column] += height + gap;
        (card, Area { corner, width, height })
    });
    Some(Block::new(areas.collect(), Vec::new()))
}

/// All parts together: the largest first, row by row.
pub(super) fn pack(blocks: &[Block], width: f64, picture: &Picture) -> Layout {
    let nowhere = Area { corner: Point { x: 0.0, y: 0.0 }, width: 0.0, height: 0.0 };
    let mut cards = vec![nowhere; picture.cards.len()];
    let mut lines = vec![Vec::new(); picture.references.len()];
    let mut order: Vec<&Block> = blocks.iter().collect();
    // Cards without lines come last: a grid of them is no part of the story.
    order.sort_by(|one, other| {
        let key = |block: &Block| (block.lines.is_empty(), -block.height);
        let (one, other) = (key(one), key(other));
        one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
    });
    let mut corner = Point { x: 0.0, y: 0.0 };
    let (mut row_height, mut right) = (0.0_f64, 0.0_f64);
    for block in order {
        if corner.x > 0.0 && corner.x + block.width > width + 0.5 {
            corner = Point { x: 0.0, y: corner.y + row_height + GAP };
            row_height = 0.0;
        }
        let mut block = block.clone();
        move_by(&mut block.cards, &mut block.lines, corner.x + BORDER, corner.y + BORDER);
        corner.x += block.width + GAP;
        right = right.max(corner.x - GAP);
        row_height = row_height.max(block.height);
        block.cards.into_iter().for_each(|(card, area)| cards[card] = area);
        block.lines.into_iter().for_each(|(reference, points)| lines[reference] = points);
    }
    let (width, height) = (right + BORDER * 2.0, corner.y + row_height + BORDER * 2.0);
    Layout { width, height, cards, lines }
}
