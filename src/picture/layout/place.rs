//! How far down each item of a column stands, so that lines run as straight as they can.

use super::nets::Nets;
use super::part::{Part, Pin};

/// What stays free below a card.
pub(super) const CARD_GAP: f64 = 26.0;
/// What stays free between two lines that pass a column side by side.
const BEND_GAP: f64 = 10.0;
/// How often all columns are moved toward their neighbours.
const SWEEPS: usize = 60;

/// The top of each item when the items of each column stand on each other, middle by middle.
pub(super) fn stacked(part: &Part, columns: &[Vec<usize>]) -> Vec<f64> {
    let mut tops = vec![0.0; columns.iter().map(Vec::len).sum()];
    for column in columns {
        let offsets = offsets(part, column);
        let end = column.last().map_or(0.0, |&last| offsets[offsets.len() - 1] + height(part, last));
        for (&item, offset) in column.iter().zip(&offsets) {
            tops[item] = offset - end / 2.0;
        }
    }
    tops
}

/// The top of each item, the highest at 0.
pub(super) fn tops(part: &Part, nets: &Nets, columns: &[Vec<usize>]) -> Vec<f64> {
    let mut tops = stacked(part, columns);
    let mut neighbours: Vec<Vec<(f64, Pin, Pin)>> = vec![Vec::new(); tops.len()];
    for (left, right) in nets.gaps.iter().flatten().flat_map(super::nets::Crossing::pairs) {
        let bends = [left, right].iter().filter(|pin| pin.item >= part.cards.len()).count();
        // A bend in the middle of a long line is seen more than one at its end.
        let weight = [1.0, 2.0, 8.0][bends];
        neighbours[left.item].push((weight, left, right));
        neighbours[right.item].push((weight, right, left));
    }
    for sweep in 0..SWEEPS {
        for step in 0..columns.len() {
            let column = if sweep % 2 == 0 { step } else { columns.len() - 1 - step };
            let wishes: Vec<(f64, f64)> = columns[column]
                .iter()
                .map(|&item| {
                    let weight: f64 = neighbours[item].iter().map(|(weight, ..)| weight).sum();
                    let wish = |(weight, own, other): &(f64, Pin, Pin)| {
                        weight * (tops[other.item] + other.offset - own.offset)
                    };
                    let sum: f64 = neighbours[item].iter().map(wish).sum();
                    if weight > 0.0 { (weight, sum / weight) } else { (0.01, tops[item]) }
                })
                .collect();
            for (&item, top) in columns[column].iter().zip(nearest(&wishes, &offsets(part, &columns[column]))) {
                tops[item] = top;
            }
        }
    }
    let highest = tops.iter().copied().fold(f64::INFINITY, f64::min);
    tops.iter().map(|top| (top - highest).round()).collect()
}

/// How far below the first each item of a column stands when there is no more room between them than has to be.
fn offsets(part: &Part, column: &[usize]) -> Vec<f64> {
    let mut next = 0.0;
    let mut offsets = Vec::new();
    for (number, &item) in column.iter().enumerate() {
        offsets.push(next);
        let is_bend = |item: usize| item >= part.cards.len();
        let are_bends = is_bend(item) && column.get(number + 1).is_some_and(|&below| is_bend(below));
        next += height(part, item) + if are_bends { BEND_GAP } else { CARD_GAP };
    }
    offsets
}

fn height(part: &Part, item: usize) -> f64 {
    part.sizes.get(item).map_or(0.0, |(_, height)| *height)
}

/// The tops nearest to those wished for, by weighted squares, that keep items apart by their offsets: neighbours that
/// would overlap are moved together to the middle of their wishes ("pool adjacent violators").
fn nearest(wishes: &[(f64, f64)], offsets: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for ((weight, wish), offset) in wishes.iter().zip(offsets) {
        let mut pool = (*weight, wish - offset, 1);
        while let Some(&(weight, start, count)) = pools.last()
            && start > pool.1
        {
            pools.pop();
            let total = weight + pool.0;
            pool = (total, (weight * start + pool.0 * pool.1) / total, count + pool.2);
        }
        pools.push(pool);
    }
    let starts = pools.iter().flat_map(|&(_, start, count)| std::iter::repeat_n(start, count));
    starts.zip(offsets).map(|(start, offset)| start + offset).collect()
}
