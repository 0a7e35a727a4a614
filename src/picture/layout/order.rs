//! In which order the cards and bends of a column stand, so that few lines cross.

use super::nets::{Crossing, Nets};
use super::part::{Part, Pin};
use super::place;

/// How often all columns are put in order from their neighbours.
const SWEEPS: usize = 12;

/// The items of each column from top to bottom.
pub(super) fn columns(part: &Part, nets: &Nets, layers: &[usize]) -> Vec<Vec<usize>> {
    let mut columns: Vec<Vec<usize>> = nets.bends.clone();
    for (card, &layer) in layers.iter().enumerate() {
        columns[layer].push(card);
    }
    columns.iter_mut().for_each(|column| column.sort_unstable());
    let mut best = (usize::MAX, columns.clone());
    for sweep in 0..SWEEPS {
        for step in 0..columns.len() {
            let (column, gap) = if sweep % 2 == 0 {
                (step, step.checked_sub(1))
            } else {
                (columns.len() - 1 - step, Some(columns.len() - 1 - step))
            };
            if let Some(gap) = gap {
                let tops = place::stacked(part, &columns);
                sort_by_neighbours(&mut columns[column], &nets.gaps[gap], &tops, sweep % 2 == 0);
            }
        }
        improve(&mut columns, nets);
        let crossings = crossings(&columns, nets);
        if crossings < best.0 {
            best = (crossings, columns.clone());
        }
    }
    best.1
}

/// Sorts the items of a column by the middle of what they are connected with on one side.
fn sort_by_neighbours(column: &mut Vec<usize>, gap: &[Crossing], tops: &[f64], is_right: bool) {
    let middle = |item: usize| {
        let mut ends = Vec::new();
        for (left, right) in gap.iter().flat_map(Crossing::pairs) {
            let (own, other) = if is_right { (right, left) } else { (left, right) };
            if own.item == item {
                ends.push(tops[other.item] + other.offset - own.offset);
            }
        }
        let count = super::number(ends.len());
        (!ends.is_empty()).then(|| ends.iter().sum::<f64>() / count)
    };
    // What is connected with nothing there keeps its place among the others.
    let mut keyed: Vec<(f64, usize)> = column.iter().map(|&item| (middle(item).unwrap_or(tops[item]), item)).collect();
    keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
    *column = keyed.into_iter().map(|(_, item)| item).collect();
}

/// Swaps neighbours as long as that saves a crossing.
fn improve(columns: &mut [Vec<usize>], nets: &Nets) {
    for _ in 0..3 {
        let mut has_improved = false;
        for column in 0..columns.len() {
            for place in 1..columns[column].len() {
                let before = crossings_beside(columns, nets, column);
                columns[column].swap(place - 1, place);
                if crossings_beside(columns, nets, column) < before {
                    has_improved = true;
                } else {
                    columns[column].swap(place - 1, place);
                }
            }
        }
        if !has_improved {
            break;
        }
    }
}

fn crossings(columns: &[Vec<usize>], nets: &Nets) -> usize {
    (0..columns.len()).map(|gap| crossings_in(columns, nets, gap)).sum()
}

fn crossings_beside(columns: &[Vec<usize>], nets: &Nets, column: usize) -> usize {
    let left = column.checked_sub(1).map_or(0, |gap| crossings_in(columns, nets, gap));
    left + crossings_in(columns, nets, column)
}

/// How many pairs of lines of different nets cross in a gap.
fn crossings_in(columns: &[Vec<usize>], nets: &Nets, gap: usize) -> usize {
    let Some(right_column) = columns.get(gap + 1) else { return 0 };
    let place = |column: &[usize], pin: Pin| (column.iter().position(|&item| item == pin.item), pin.offset);
    let mut pairs = Vec::new();
    for crossing in &nets.gaps[gap] {
        for (left, right) in crossing.pairs() {
            pairs.push((crossing.net, place(&columns[gap], left), place(right_column, right)));
        }
    }
    let mut count = 0;
    for (number, one) in pairs.iter().enumerate() {
        for other in &pairs[number + 1..] {
            let is_crossed = one.1 < other.1 && one.2 > other.2 || one.1 > other.1 && one.2 < other.2;
            count += usize::from(one.0 != other.0 && is_crossed);
        }
    }
    count
}
