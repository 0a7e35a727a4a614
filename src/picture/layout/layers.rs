//! Which column a card stands in: right of its parents, as near to them as there is room.

use super::part::Part;
use super::place::CARD_GAP;

/// The column of each card. Columns are not much higher than `height`; where references go round in a circle, some
/// of them lead to the right.
pub(super) fn layers(part: &Part, height: f64) -> Vec<usize> {
    let ranks = ranks(part);
    // From a card to those that stand right of it.
    let mut arrows: Vec<(usize, usize)> = part
        .links
        .iter()
        .filter(|link| link.child.item != link.parent.item)
        .map(|link| (link.parent.item, link.child.item))
        .map(|(parent, child)| if ranks[parent] < ranks[child] { (parent, child) } else { (child, parent) })
        .collect();
    arrows.sort_unstable();
    arrows.dedup();

    let mut layers = vec![0; part.cards.len()];
    let mut by_rank: Vec<usize> = (0..part.cards.len()).collect();
    by_rank.sort_by_key(|&card| ranks[card]);
    for &card in &by_rank {
        for &(_, right) in arrows.iter().filter(|(left, _)| *left == card) {
            layers[right] = layers[right].max(layers[card] + 1);
        }
    }
    pull_together(&mut layers, &arrows);
    limited(part, &layers, &arrows, height)
}

/// An order in which few references lead back: sinks last and sources first, and of the others the one that has most
/// children over its parents (Eades, Lin and Smyth, 1993).
fn ranks(part: &Part) -> Vec<usize> {
    let count = part.cards.len();
    let mut left: Vec<usize> = (0..count).collect();
    let (mut first, mut last) = (Vec::new(), Vec::new());
    while !left.is_empty() {
        let links = || {
            let among = |item: usize| left.contains(&item);
            part.links.iter().filter(move |link| {
                link.child.item != link.parent.item && among(link.child.item) && among(link.parent.item)
            })
        };
        let children = |card: usize| links().filter(|link| link.parent.item == card).count();
        let parents = |card: usize| links().filter(|link| link.child.item == card).count();
        let (taken, is_last) = if let Some(&sink) = left.iter().rev().find(|&&card| children(card) == 0) {
            (sink, true)
        } else if let Some(&source) = left.iter().find(|&&card| parents(card) == 0) {
            (source, false)
        } else {
            let balance = |card: &usize| children(*card).cast_signed() - parents(*card).cast_signed();
            let best = left.iter().copied().rev().max_by_key(balance);
            (best.expect("there are cards left"), false)
        };
        left.retain(|&card| card != taken);
        if is_last { last.push(taken) } else { first.push(taken) }
    }
    let mut ranks = vec![0; count];
    for (rank, card) in first.into_iter().chain(last.into_iter().rev()).enumerate() {
        ranks[card] = rank;
    }
    ranks
}

/// Moves cards that have more on their right than on their left next to what they have there.
fn pull_together(layers: &mut [usize], arrows: &[(usize, usize)]) {
    for _ in 0..layers.len() {
        let mut has_moved = false;
        for card in 0..layers.len() {
            let lefts = arrows.iter().filter(|(_, right)| *right == card).count();
            let rights: Vec<usize> =
                arrows.iter().filter(|(left, _)| *left == card).map(|&(_, right)| layers[right]).collect();
            if let Some(&nearest) = rights.iter().min()
                && lefts < rights.len()
                && layers[card] + 1 < nearest
            {
                layers[card] = nearest - 1;
                has_moved = true;
            }
        }
        if !has_moved {
            break;
        }
    }
}

/// Moves what a column has no room for to the right; cards that most others follow stay.
fn limited(part: &Part, layers: &[usize], arrows: &[(usize, usize)], limit: f64) -> Vec<usize> {
    let followers = |card: usize| arrows.iter().filter(|(left, _)| *left == card).count();
    let mut order: Vec<usize> = (0..layers.len()).collect();
    order.sort_by_key(|&card| (layers[card], usize::MAX - followers(card)));
    let mut heights: Vec<f64> = Vec::new();
    let mut limited = vec![0; layers.len()];
    for card in order {
        let after = arrows.iter().filter(|(_, right)| *right == card).map(|&(left, _)| limited[left] + 1).max();
        let mut layer = after.unwrap_or(layers[card]);
        let height = part.sizes[card].1 + CARD_GAP;
        loop {
            if heights.len() <= layer {
                heights.resize(layer + 1, 0.0);
            }
            if heights[layer] == 0.0 || heights[layer] + height <= limit {
                break;
            }
            layer += 1;
        }
        heights[layer] += height;
        limited[card] = layer;
    }
    limited
}
