//! Cards that lines connect, drawn by themselves.

use super::layers;
use super::nets::{Nets, Side};
use super::order;
use super::pack::Block;
use super::place;
use super::{Area, Picture, Point, lanes, number, offset};

/// Between a column's edge and the first line beside it: the marks at the ends of lines stand there.
const MARGIN: f64 = 22.0;
/// Between two lines that run side by side.
const LANE: f64 = 9.0;
/// The proportion of width to height that a picture comes close to.
const PROPORTION: f64 = 1.5;
/// Heights of columns that are tried, as parts of the one that would give the proportion.
const HEIGHTS: [f64; 6] = [0.6, 0.8, 1.0, 1.3, 1.8, f64::INFINITY];

/// A place on a card or on a bend of a line: the item, and how far below its top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pin {
    pub item: usize,
    pub offset: f64,
}

/// A foreign key within a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Link {
    pub reference: usize,
    pub child: Pin,
    pub parent: Pin,
}

/// Cards that are connected.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// The cards by their place in the picture.
    pub cards: Vec<usize>,
    /// Their widths and heights.
    pub sizes: Vec<(f64, f64)>,
    /// The lines between them; pins name cards by their place in this part.
    pub links: Vec<Link>,
}

/// The parts of a picture, and the cards that nothing connects.
pub(super) fn parts(picture: &Picture, sizes: &[(f64, f64)]) -> (Vec<Part>, Vec<usize>) {
    let mut group: Vec<usize> = (0..picture.cards.len()).collect();
    for reference in &picture.references {
        let (one, other) = (group[reference.child.card], group[reference.parent.card]);
        let (kept, gone) = (one.min(other), one.max(other));
        group.iter_mut().filter(|member| **member == gone).for_each(|member| *member = kept);
    }
    let (mut parts, mut alone) = (Vec::new(), Vec::new());
    for first in 0..group.len() {
        let cards: Vec<usize> = (0..group.len()).filter(|&card| group[card] == first).collect();
        let inside = |card: usize| cards.iter().position(|&member| member == card);
        let links: Vec<Link> = (0..)
            .zip(&picture.references)
            .filter_map(|(reference, Reference { child, parent, .. })| {
                let child = Pin { item: inside(child.card)?, offset: offset(*child) };
                let parent = Pin { item: inside(parent.card)?, offset: offset(*parent) };
                Some(Link { reference, child, parent })
            })
            .collect();
        match cards.as_slice() {
            [] => {}
            [one] if links.is_empty() => alone.push(*one),
            _ => parts.push(Part { sizes: cards.iter().map(|&card| sizes[card]).collect(), cards, links }),
        }
    }
    (parts, alone)
}

use super::super::Reference;

impl Part {
    /// The best of several drawings: near to the proportion, small, with short lines.
    pub fn draw(&self) -> Block {
        let total: f64 = self.sizes.iter().map(|(_, height)| height + place::CARD_GAP).sum();
        let tallest = self.sizes.iter().map(|(_, height)| *height).fold(0.0, f64::max);
        let width = self.sizes.iter().map(|(width, _)| width).sum::<f64>() / number(self.sizes.len()) + 4.0 * MARGIN;
        let height = (total * width / PROPORTION).sqrt();
        let drawings = HEIGHTS.iter().map(|part| self.draw_with((height * part).max(tallest)));
        let best = drawings.min_by(|one, other| cost(one).total_cmp(&cost(other)));
        best.expect("there are heights to try")
    }

    /// The drawing whose columns are not much higher than `height`.
    fn draw_with(&self, height: f64) -> Block {
        let layers = layers::layers(self, height);
        let nets = Nets::of(self, &layers);
        let columns = order::columns(self, &nets, &layers);
        let tops = place::tops(self, &nets, &columns);
        let y = |pin: Pin| tops[pin.item] + pin.offset;

        let mut corners = vec![Point { x: 0.0, y: 0.0 }; self.cards.len()];
        let mut lane_x = Vec::new();
        let mut x = 0.0;
        for (column, gap) in columns.iter().zip(&nets.gaps) {
            let cards = || column.iter().filter(|&&item| item < self.cards.len());
            cards().for_each(|&card| corners[card] = Point { x, y: tops[card] });
            x += cards().map(|&card| self.sizes[card].0).fold(0.0, f64::max);
            let ends = |pins: &[Pin]| pins.iter().map(|&pin| y(pin)).collect();
            let trunks: Vec<lanes::Trunk> = gap
                .iter()
                .map(|crossing| lanes::Trunk { left: ends(&crossing.left), right: ends(&crossing.right) })
                .collect();
            let lanes = lanes::lanes(&trunks);
            lane_x.push(lanes.iter().map(|lane| x + MARGIN + LANE * number(*lane)).collect::<Vec<f64>>());
            if let Some(last) = lanes.iter().max() {
                x += MARGIN * 2.0 + LANE * number(*last);
            }
        }
        let areas: Vec<(usize, Area)> = (0..self.cards.len())
            .map(|card| {
                let (width, height) = self.sizes[card];
                (self.cards[card], Area { corner: corners[card], width, height })
            })
            .collect();
        let lines = self.links.iter().enumerate().map(|(link, Link { reference, child, parent })| {
            let (net, route) = nets.route(link);
            let side = |pin: &Pin, side: Side| {
                let right = if side == Side::Right { self.sizes[pin.item].0 } else { 0.0 };
                Point { x: corners[pin.item].x + right, y: y(*pin) }
            };
            let mut points = vec![side(child, net.child_side(child.item))];
            for (gap, pin) in route {
                let crossing = nets.gaps[gap].iter().position(|crossing| crossing.net == net.number);
                let x = lane_x[gap][crossing.expect("a line crosses the gaps on its way")];
                let before = points[points.len() - 1].y;
                points.extend([Point { x, y: before }, Point { x, y: y(pin) }]);
            }
            points.push(side(parent, net.side));
            (*reference, points)
        });
        Block::new(areas, lines.collect())
    }
}

/// What a drawing costs its reader.
fn cost(block: &Block) -> f64 {
    let length = |points: &Vec<Point>| {
        points.windows(2).map(|pair| (pair[0].x - pair[1].x).abs() + (pair[0].y - pair[1].y).abs()).sum::<f64>()
    };
    let lines: f64 = block.lines.iter().map(|(_, points)| length(points)).sum();
    let side = (block.width * block.height).sqrt();
    let proportion = (block.width / block.height.max(1.0) / PROPORTION).ln().abs();
    side * (1.0 + 0.6 * proportion) + 0.5 * lines / number(block.lines.len().max(1))
}
