//! Questions to a person: only where one is there to answer, never in scripts.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use super::interrupt;
use super::options::Format;

/// Who can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// A person at a terminal.
    Person,
    /// Nobody, but `--yes` has answered all yes-or-no questions.
    Assent,
    /// Nobody.
    Nobody,
}

impl Prompt {
    /// A person, when stdin and stderr are terminals and neither `--yes` nor `--format json` says that none is there.
    #[must_use]
    pub fn new(format: Format, yes: bool) -> Prompt {
        match () {
            () if yes => Prompt::Assent,
            () if format == Format::Text && io::stdin().is_terminal() && io::stderr().is_terminal() => Prompt::Person,
            () => Prompt::Nobody,
        }
    }

    /// Asks whether something may be done, which an empty answer does not allow; no answer when nobody can be asked, or
    /// the person walks away.
    #[must_use]
    pub fn confirm(self, question: &str) -> Option<bool> {
        match self {
            Prompt::Person => answer(question, Some(false), read_line),
            Prompt::Assent => Some(true),
            Prompt::Nobody => None,
        }
    }

    /// Asks what is meant, where neither answer goes without saying: an empty one is none.
    #[must_use]
    pub fn decide(self, question: &str) -> Option<bool> {
        match self {
            Prompt::Person => answer(question, None, read_line),
            Prompt::Assent => Some(true),
            Prompt::Nobody => None,
        }
    }

    /// Asks which of several it is, and gives its index; no answer as above, nor can `--yes` tell.
    #[must_use]
    pub fn choose(self, question: &str, choices: &[String]) -> Option<usize> {
        match self {
            Prompt::Person => choose(question, choices, read_line),
            Prompt::Assent | Prompt::Nobody => None,
        }
    }
}

fn answer(question: &str, empty: Option<bool>, mut answer_to: impl FnMut(&str) -> Option<String>) -> Option<bool> {
    let choice = if empty == Some(false) { "y/N" } else { "y/n" };
    loop {
        match answer_to(&format!("{question} [{choice}] "))?.to_lowercase().as_str() {
            "y" | "yes" => return Some(true),
            "n" | "no" => return Some(false),
            "" if empty.is_some() => return empty,
            _ => {}
        }
    }
}

fn choose(question: &str, choices: &[String], mut answer_to: impl FnMut(&str) -> Option<String>) -> Option<usize> {
    let lines = choices.iter().zip(1..).map(|(choice, number)| format!("\n  {number}) {choice}"));
    let mut asked = format!("{question}{}\n", lines.collect::<String>());
    loop {
        let answer = answer_to(&format!("{asked}1-{}, or nothing to stop: ", choices.len()))?;
        if answer.is_empty() {
            return None;
        }
        if let Some(index) = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1))
            && index < choices.len()
        {
            return Some(index);
        }
        asked.clear();
    }
}

/// Shows the question and waits for a line; nothing at the end of the input, or when interrupted.
fn read_line(question: &str) -> Option<String> {
    let mut stderr = io::stderr();
    write!(stderr, "{question}").and_then(|()| stderr.flush()).ok()?;
    let (sender, receiver) = mpsc::channel();
    // A read from a terminal cannot be called off: a thread waits for it, and is left behind.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        let _ = sender.send(matches!(read, Ok(1..)).then_some(line));
    });
    loop {
        match receiver.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => return line.map(|line| line.trim().to_owned()),
            Err(RecvTimeoutError::Timeout) if !interrupt::is_requested() => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<'a>(lines: &'a [&str]) -> impl FnMut(&str) -> Option<String> + 'a {
        let mut lines = lines.iter();
        move |_| lines.next().map(ToString::to_string)
    }

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        assert_eq!(answer("sure?", Some(false), lines(&["Yes"])), Some(true));
        assert_eq!(answer("sure?", Some(false), lines(&[""])), Some(false));
        assert_eq!(answer("sure?", Some(false), lines(&["hm", "n"])), Some(false));
        assert_eq!(answer("sure?", Some(false), lines(&["hm"])), None);
        assert_eq!(answer("the same?", None, lines(&["", "hm", "n"])), Some(false));
    }

    #[test]
    fn a_choice_is_asked_until_it_is_one_of_them() {
        let choices = ["email".to_owned(), "mail".to_owned()];
        assert_eq!(choose("which?", &choices, lines(&["0", "3", "x", "2"])), Some(1));
        assert_eq!(choose("which?", &choices, lines(&["7", ""])), None);
        assert_eq!(choose("which?", &choices, lines(&[])), None);
    }

    #[test]
    fn yes_answers_what_it_can() {
        assert_eq!(Prompt::new(Format::Json, true).confirm("sure?"), Some(true));
        assert_eq!(Prompt::Assent.choose("which?", &["a".to_owned()]), None);
        assert_eq!(Prompt::new(Format::Json, false).confirm("sure?"), None);
        assert_eq!(Prompt::Nobody.choose("which?", &["a".to_owned()]), None);
    }
}
