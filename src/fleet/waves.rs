//! Waves: which databases go first, so that what is wrong is seen on a few of them.

use std::ops::Range;
use std::str::FromStr;

use super::list::Member;

/// A number of databases, or a share of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mark {
    /// So many.
    Number(usize),
    /// So many of a hundred.
    Percent(f64),
}

impl Mark {
    /// How many of so many that is, a started one counted.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a number of files lies between 0 and that number"
    )]
    pub fn of(self, total: usize) -> usize {
        match self {
            Mark::Number(number) => number.min(total),
            Mark::Percent(percent) => (total as f64 * percent / 100.0).ceil() as usize,
        }
    }
}

impl FromStr for Mark {
    type Err = String;

    fn from_str(text: &str) -> Result<Mark, String> {
        let bad = || format!("expected a number such as `10` or a share such as `1%`, found `{text}`");
        match text.trim().strip_suffix('%') {
            None => text.trim().parse().map(Mark::Number).map_err(|_| bad()),
            Some(percent) => match percent.trim_end().parse::<f64>() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Mark::Percent(percent)),
                _ => Err(bad()),
            },
        }
    }
}

/// How far each wave goes: `1,1%,100%`. What is left after the last one is a wave too.
#[derive(Debug, Clone, PartialEq)]
pub struct Waves(Vec<Mark>);

impl FromStr for Waves {
    type Err = String;

    fn from_str(text: &str) -> Result<Waves, String> {
        text.split(',').map(Mark::from_str).collect::<Result<_, _>>().map(Waves)
    }
}

impl Waves {
    /// The databases of each wave, none empty. Without marks the members' own waves count, the lowest first and
    /// those without one last.
    #[must_use]
    pub fn split(waves: Option<&Waves>, members: &mut [Member]) -> Vec<Range<usize>> {
        let total = members.len();
        let mut ends: Vec<usize> = if let Some(Waves(marks)) = waves {
            marks.iter().map(|mark| mark.of(total)).collect()
        } else {
            members.sort_by_key(|member| (member.wave.is_none(), member.wave));
            let is_last = |pair: &[Member]| pair[0].wave != pair[1].wave;
            members.windows(2).enumerate().filter(|(_, pair)| is_last(pair)).map(|(at, _)| at + 1).collect()
        };
        ends.push(total);
        let mut start = 0;
        let mut ranges = Vec::new();
        for end in ends {
            if end > start {
                ranges.push(start..end);
                start = end;
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn members(waves: &[Option<u32>]) -> Vec<Member> {
        let member =
            |(at, wave): (usize, &Option<u32>)| Member { id: at.to_string(), path: PathBuf::new(), wave: *wave };
        waves.iter().enumerate().map(member).collect()
    }

    fn split(waves: &str, number: usize) -> Vec<Range<usize>> {
        Waves::split(Some(&waves.parse().unwrap()), &mut members(&vec![None; number]))
    }

    #[test]
    fn waves_end_where_their_marks_say_and_all_databases_have_their_turn() {
        assert_eq!(split("1,1%,100%", 1000), [0..1, 1..10, 10..1000]);
        assert_eq!(split("1, 10%", 5), [0..1, 1..5]);
        assert_eq!(split("5,2,9", 6), [0..5, 5..6]);
        assert_eq!(split("0.5%", 100), [0..1, 1..100]);
        assert_eq!(Waves::split(None, &mut members(&[None; 4])).first(), Some(&(0..4)));
    }

    #[test]
    fn a_list_may_say_the_waves() {
        let mut listed = members(&[None, Some(2), Some(1), Some(2)]);
        assert_eq!(Waves::split(None, &mut listed), [0..1, 1..3, 3..4]);
        assert_eq!(listed.iter().map(|member| member.id.as_str()).collect::<Vec<_>>(), ["2", "1", "3", "0"]);
    }

    #[test]
    fn what_is_no_mark_is_refused() {
        for bad in ["", "1,", "x", "101%", "-1%", "nan%", "1.5"] {
            assert!(bad.parse::<Waves>().is_err(), "{bad}");
        }
    }
}
