//! The picture at the top of the README shows what the program prints, in its colours.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anstyle::{Color, RgbColor};
use anstyle_svg::Term;
use schemactl::rusqlite::Connection;

use crate::support::command::{Ended, Project};

const PICTURE: &str = "docs/terminal.svg";

const BEFORE: &str = "\
[schemactl]
database = \"app.db\"

[tables.user.columns]
id = \"INTEGER PRIMARY KEY\"
name = \"TEXT NOT NULL\"
mail = \"TEXT UNIQUE\"
";

const AFTER: &str = "\
[schemactl]
database = \"app.db\"

[tables.user.columns]
id = \"INTEGER PRIMARY KEY\"
name = \"TEXT NOT NULL\"
email = { type = \"TEXT\", not_null = true, unique = true, renamed_from = \"mail\" }
state = { type = \"TEXT\", not_null = true, default = \"new\" }
";

/// What a terminal shows of a session.
fn session() -> String {
    let project = Project::new();
    project.write("migrations.toml", BEFORE);
    project.write("versions/.keep", "");
    project.run(&["revision", "--autogenerate", "-m", "Added user table"]).ends_with(0);
    project.run(&["upgrade"]).ends_with(0);
    let rows = "INSERT INTO user (name, mail) VALUES ('Ada', 'ada@lovelace.org'), ('Grace', 'grace@hopper.org')";
    Connection::open(project.path("app.db")).unwrap().execute_batch(rows).unwrap();

    let mut shown = String::new();
    let mut type_and_run = |typed: &str, args: &[&str]| {
        let command = project.command(args);
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$@\" 2>&1"]).arg(command.get_program()).args(command.get_args()).env_clear();
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ended = Ended::of(shell.current_dir(project.path("")).env("SCHEMACTL_COLOR", "always"));
        let _ = writeln!(shown, "\u{1b}[1m$ {typed}\u{1b}[0m\n{}", without_times(&ended.stdout));
    };
    project.write("migrations.toml", &AFTER.replace("default", "defualt"));
    type_and_run("schemactl check", &["check"]);
    project.write("migrations.toml", AFTER);
    type_and_run(
        "schemactl revision --autogenerate -m \"Everyone has an address\"",
        &["revision", "--autogenerate", "-m", "Everyone has an address"],
    );
    type_and_run("schemactl upgrade", &["upgrade"]);
    type_and_run("schemactl downgrade -1", &["downgrade", "-1"]);
    shown.trim_end().to_owned()
}

/// Times differ from run to run: each is shown as the same.
fn without_times(shown: &str) -> String {
    let dim = "\u{1b}[2m";
    let mut pieces = shown.split(dim);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (dimmed, rest) = piece.split_once('\u{1b}').unwrap_or((piece, ""));
        let dimmed = if dimmed.ends_with(" ms") || dimmed.ends_with(" s") { "3 ms" } else { dimmed };
        let _ = write!(text, "{dim}{dimmed}\u{1b}{rest}");
    }
    text
}

/// A picture for light pages that is dark on dark ones.
fn drawn(session: &str) -> String {
    let colour = |hex: u32| {
        let [_, red, green, blue] = hex.to_be_bytes();
        RgbColor(red, green, blue)
    };
    let palette = |colours: [u32; 8]| {
        let both = [colours, colours].concat();
        anstyle_svg::Palette(std::array::from_fn(|at| colour(both[at])))
    };
    // Black, red, green, yellow, blue, magenta, cyan and white, readable on their ground and apart in grey.
    let light = palette([
        0x0024_292f,
        0x00b3_1d28,
        0x0011_6329,
        0x007d_4e00,
        0x0009_50c0,
        0x0068_39ba,
        0x0005_5d75,
        0x0057_606a,
    ]);
    let dark = palette([
        0x00e6_edf3,
        0x00ff_7b72,
        0x0056_d364,
        0x00e3_b341,
        0x0079_c0ff,
        0x00d2_a8ff,
        0x0076_e3ea,
        0x008b_949e,
    ]);
    let draw = |palette, ink, paper| {
        let term = Term::new().palette(palette).fg_color(Color::Rgb(colour(ink))).bg_color(Color::Rgb(colour(paper)));
        term.render_svg(session)
    };
    let day = draw(light, 0x0024_292f, 0x00f6_f8fa);
    let night = draw(dark, 0x00e6_edf3, 0x000d_1117);
    let is_colour = |line: &&str| line.trim_start().starts_with('.') && line.contains("{ fill: ");
    let colours: Vec<&str> = night.lines().filter(is_colour).collect();
    assert!(colours.len() > 4, "{night}");
    let both = format!("    @media (prefers-color-scheme: dark) {{\n{}\n    }}\n  </style>", colours.join("\n"));
    day.replacen("  </style>", &both, 1).replacen("opacity: 0.4", "opacity: 0.65", 1)
}

/// With `SCHEMACTL_BLESS` set, the picture is drawn anew.
#[test]
fn the_picture_shows_what_the_program_prints() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(PICTURE);
    let drawn = drawn(&session());
    if std::env::var_os("SCHEMACTL_BLESS").is_some() {
        std::fs::write(&file, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == drawn, "run this test with SCHEMACTL_BLESS=1 and look at {PICTURE}");
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    assert!(readme.contains(PICTURE), "the README shows it");
}

#[test]
fn times_are_all_that_is_made_the_same() {
    let shown = without_times("a \u{1b}[2mup, down\u{1b}[0m b \u{1b}[2m12.5 ms\u{1b}[0m\n");
    assert_eq!(shown, "a \u{1b}[2mup, down\u{1b}[0m b \u{1b}[2m3 ms\u{1b}[0m\n");
}
