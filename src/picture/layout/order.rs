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
    for column in &mut columns {
        column.sort_unstable();
    }
    let items = columns.iter().map(Vec::len).sum();
    let ends = ends(nets, items);
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
        improve(&mut columns, &ends);
        let crossings = crossings(&columns, nets, items);
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

/// The net and the far end of each line of an item, on its left and on its right.
type Ends = [Vec<(usize, Pin)>; 2];

/// The lines of each item.
fn ends(nets: &Nets, items: usize) -> Vec<Ends> {
    let mut ends = vec![Ends::default(); items];
    for crossing in nets.gaps.iter().flatten() {
        for (left, right) in crossing.pairs() {
            ends[left.item][1].push((crossing.net, right));
            ends[right.item][0].push((crossing.net, left));
        }
    }
    ends
}

/// Swaps neighbours as long as that saves a crossing.
fn improve(columns: &mut [Vec<usize>], ends: &[Ends]) {
    for _ in 0..3 {
        let mut has_improved = false;
        let mut places: Vec<usize> = vec![0; ends.len()];
        for column in &*columns {
            note_places(column, &mut places);
        }
        for column in &mut *columns {
            for place in 1..column.len() {
                let (above, below) = (&ends[column[place - 1]], &ends[column[place]]);
                if crossed(below, above, &places) < crossed(above, below, &places) {
                    column.swap(place - 1, place);
                    has_improved = true;
                }
            }
            note_places(column, &mut places);
        }
        if !has_improved {
            break;
        }
    }
}

fn note_places(column: &[usize], places: &mut [usize]) {
    column.iter().enumerate().for_each(|(place, &item)| places[item] = place);
}

/// How many lines of two items cross when the one stands above the other.
fn crossed(above: &Ends, below: &Ends, places: &[usize]) -> usize {
    let far = |pin: &Pin| (places[pin.item], pin.offset);
    let sides = above.iter().zip(below);
    sides
        .map(|(above, below)| {
            let pairs = above.iter().flat_map(|one| below.iter().map(move |other| (one, other)));
            pairs.filter(|((net, one), (other_net, other))| net != other_net && far(one) > far(other)).count()
        })
        .sum()
}

fn crossings(columns: &[Vec<usize>], nets: &Nets, items: usize) -> usize {
    let mut places = vec![0; items];
    for column in columns {
        note_places(column, &mut places);
    }
    nets.gaps.iter().map(|gap| crossings_in(gap, &places)).sum()
}

/// How many pairs of lines of different nets cross in a gap.
fn crossings_in(gap: &[Crossing], places: &[usize]) -> usize {
    let place = |pin: Pin| (places[pin.item], pin.offset);
    let lines = |crossing: &Crossing| {
        let net = crossing.net;
        crossing.pairs().map(|(left, right)| (net, place(left), place(right))).collect::<Vec<_>>()
    };
    let lines: Vec<_> = gap.iter().flat_map(lines).collect();
    let mut count = 0;
    for (number, one) in lines.iter().enumerate() {
        for other in &lines[number + 1..] {
            let is_crossed = one.1 < other.1 && one.2 > other.2 || one.1 > other.1 && one.2 < other.2;
            count += usize::from(one.0 != other.0 && is_crossed);
        }
    }
    count
}
