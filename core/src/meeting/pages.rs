//! An agenda as people read it: Markdown, and a page that prints well.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::words::{ended, many};
use super::{Agenda, AgendaConcern, Item, Point, counted};
use crate::communication::Priority;

/// The agenda as Markdown.
pub fn markdown(agenda: &Agenda) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# {}\n", escaped(&title(agenda)));
    let _ = writeln!(out, "{}\n", escaped(&when(agenda)));
    let _ = writeln!(out, "{}\n", escaped(&made(agenda)));
    if !agenda.people.is_empty() {
        let _ = writeln!(out, "**Asked to come:** {}\n", escaped(&people(agenda)));
    }
    for (n, item) in (1..).zip(&agenda.items) {
        let _ = writeln!(out, "## {n}. {} ({})\n", escaped(&who(item)), many(item.minutes.into(), "minute"));
        for matter in &item.matters {
            let _ = write!(out, "- **{}**", escaped(&matter.headline));
            for detail in &matter.detail {
                let _ = write!(out, " {}", escaped(detail));
            }
            out.push('\n');
        }
        if !item.decide.is_empty() {
            let _ = writeln!(out, "\n**To decide:** {}", escaped(&item.decide.join(" ")));
        }
        if !item.call.is_empty() {
            let _ = writeln!(out, "\n**To call:** {}", escaped(&calls(item)));
        }
        out.push('\n');
    }
    if is_empty(agenda) {
        out.push_str("There is no case to talk about.\n\n");
    }
    if !agenda.come_up.is_empty() {
        let _ = writeln!(out, "## {} ({})\n\n*{COME_UP_NOTE}*\n", COME_UP, agenda.come_up.len());
        for item in &agenda.come_up {
            let _ = writeln!(out, "- **{}** {}", escaped(&who(item)), escaped(item.headline()));
        }
        out.push('\n');
    }
    for part in talk(agenda) {
        let _ = writeln!(out, "## {}\n", escaped(&part.title));
        if let Some(note) = &part.note {
            let _ = writeln!(out, "*{}*\n", escaped(note));
        }
        for line in &part.lines {
            let _ = write!(out, "- **{}**", escaped(&line.headline));
            for detail in &line.detail {
                let _ = write!(out, " {}", escaped(detail));
            }
            out.push('\n');
            for (what, said) in line.below() {
                let _ = writeln!(out, "  - **{what}:** {}", escaped(said));
            }
        }
        out.push('\n');
    }
    if !agenda.process.is_empty() {
        let _ = writeln!(out, "## {}\n", escaped(&process_title(agenda)));
        for sentence in &agenda.process {
            let _ = writeln!(out, "- {}", escaped(sentence));
        }
        out.push('\n');
    }
    if !agenda.not_reached.is_empty() {
        let _ = writeln!(out, "## Not reached this time ({})\n", agenda.not_reached.len());
        for item in &agenda.not_reached {
            let _ = writeln!(out, "- **{}** {}", escaped(&who(item)), escaped(item.headline()));
        }
        out.push('\n');
    }
    out
}

fn is_empty(agenda: &Agenda) -> bool {
    agenda.items.is_empty() && agenda.not_reached.is_empty() && agenda.come_up.is_empty()
}

const COME_UP: &str = "Come up since this agenda was made";
const COME_UP_NOTE: &str =
    "No time is kept for it: make the agenda anew, or take the time from what follows.";

/// The agenda as a page: one HTML text that needs nothing else, with room to write, and prints on paper without what is for screens.
pub fn page(agenda: &Agenda) -> String {
    let mut out = String::new();
    let title = html(&title(agenda));
    let _ = writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n<p class=\"when\">{}</p>\n<p>{}</p>",
        html(&when(agenda)),
        html(&made(agenda))
    );
    if !agenda.people.is_empty() {
        let _ = writeln!(out, "<p><b>Asked to come:</b> {}</p>", html(&people(agenda)));
    }
    for (n, item) in (1..).zip(&agenda.items) {
        let _ = writeln!(
            out,
            "<section>\n<h2><span class=\"n\">{n}</span> {} <span class=\"min\">{} min</span></h2>\n<ul>",
            html(&who(item)),
            item.minutes
        );
        for matter in &item.matters {
            let _ = write!(out, "<li><b>{}</b>", html(&matter.headline));
            for detail in &matter.detail {
                let _ = write!(out, " {}", html(detail));
            }
            out.push_str("</li>\n");
        }
        out.push_str("</ul>\n");
        if !item.decide.is_empty() {
            let _ =
                writeln!(out, "<p class=\"decide\"><b>To decide:</b> {}</p>", html(&item.decide.join(" ")));
        }
        if !item.call.is_empty() {
            let _ = writeln!(out, "<p><b>To call:</b> {}</p>", html(&calls(item)));
        }
        out.push_str("<p class=\"write\">Decided: <i></i> by whom, until when: <i></i></p>\n</section>\n");
    }
    if is_empty(agenda) {
        out.push_str("<p>There is no case to talk about.</p>\n");
    }
    if !agenda.come_up.is_empty() {
        let _ = writeln!(
            out,
            "<section>\n<h2>{COME_UP} ({})</h2>\n<p class=\"note\">{COME_UP_NOTE}</p>\n<ul>",
            agenda.come_up.len()
        );
        for item in &agenda.come_up {
            let _ = writeln!(out, "<li><b>{}</b> {}</li>", html(&who(item)), html(item.headline()));
        }
        out.push_str("</ul>\n</section>\n");
    }
    for part in talk(agenda) {
        let own = if part.own { " class=\"own\"" } else { "" };
        let _ = write!(out, "<section{own}>\n<h2>{}", html(&part.name));
        if part.minutes > 0 {
            let _ = write!(out, " <span class=\"min\">{} min</span>", part.minutes);
        }
        out.push_str("</h2>\n");
        if let Some(note) = &part.note {
            let _ = writeln!(out, "<p class=\"note\">{}</p>", html(note));
        }
        out.push_str("<ul>\n");
        for line in &part.lines {
            let _ = write!(out, "<li><b>{}</b>", html(&line.headline));
            for detail in &line.detail {
                let _ = write!(out, " {}", html(detail));
            }
            for (what, said) in line.below() {
                let _ = write!(out, "<br><b>{what}:</b> {}", html(said));
            }
            out.push_str("</li>\n");
        }
        out.push_str("</ul>\n</section>\n");
    }
    if !agenda.process.is_empty() {
        let _ = writeln!(out, "<section>\n<h2>{}</h2>\n<ul>", html(&process_title(agenda)));
        for sentence in &agenda.process {
            let _ = writeln!(out, "<li>{}</li>", html(sentence));
        }
        out.push_str("</ul>\n</section>\n");
    }
    if !agenda.not_reached.is_empty() {
        let _ =
            writeln!(out, "<section>\n<h2>Not reached this time ({})</h2>\n<ul>", agenda.not_reached.len());
        for item in &agenda.not_reached {
            let _ = writeln!(out, "<li><b>{}</b> {}</li>", html(&who(item)), html(item.headline()));
        }
        out.push_str("</ul>\n</section>\n");
    }
    let own = agenda.concerns.len() + agenda.concerns_not_reached.len();
    let whose = if own == 0 {
        "For the people of these cases only.".to_owned()
    } else {
        format!("For the people of these cases at {} only.", html(agenda.own_name()))
    };
    let _ = writeln!(
        out,
        "<footer>{whose} Destroy what is printed after the meeting.</footer>\n</body>\n</html>"
    );
    out
}

const STYLE: &str = "\
body{font:16px/1.45 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:0 0 .4rem}\
.when{font-size:1.05rem;margin:.25rem 0}section{border-top:1px solid #999;padding:.8rem 0;break-inside:avoid}\
.n{display:inline-block;min-width:1.6rem}.min{float:right;font-weight:400;color:#555}\
ul{margin:.2rem 0 .4rem;padding-left:1.2rem}p{margin:.3rem 0}.decide{background:#f2f5f9;padding:.3rem .5rem}\
.write i{display:inline-block;min-width:14rem;border-bottom:1px solid #666}\
section.own{border-left:4px solid #999;padding-left:.8rem}.note{color:#555}\
footer{border-top:1px solid #999;margin-top:1rem;padding-top:.5rem;color:#555;font-size:.85rem}\
@media print{body{font-size:11pt;margin:0;max-width:none;padding:0}.decide{background:none;padding:0}@page{margin:18mm}}";

/// A part of the agenda that is about no case: the points, or one's own concerns, or what of them is not reached.
struct Part {
    title: String,
    name: String,
    minutes: u32,
    note: Option<String>,
    own: bool,
    lines: Vec<Line>,
}

struct Line {
    headline: String,
    detail: Vec<String>,
    decide: String,
    call: String,
}

impl Line {
    fn below(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [("To decide", self.decide.as_str()), ("To call", self.call.as_str())];
        all.into_iter().filter(|(_, said)| !said.is_empty())
    }
}

impl Part {
    fn of(name: String, minutes: u32, lines: Vec<Line>) -> Self {
        let title =
            if minutes == 0 { name.clone() } else { format!("{name} ({})", many(minutes.into(), "minute")) };
        Self { title, name, minutes, note: None, own: false, lines }
    }
}

/// What is talked about beside the cases, in parts; none that is empty.
fn talk(agenda: &Agenda) -> Vec<Part> {
    let (points, concerns) = agenda.talk_minutes();
    let other = agenda.other_name();
    let note = format!(
        "Only {} has these on its agenda: the programme office answers them, and {other} does not see them. To talk about one here, bring it \
         to the meeting as a point first.",
        agenda.own_name()
    );
    let of_concerns = |name: String, minutes: u32, of: &[AgendaConcern]| Part {
        note: Some(note.clone()),
        own: true,
        ..Part::of(name, minutes, of.iter().map(concern).collect())
    };
    let not_reached = |n: usize| format!("not reached this time ({n})");
    let (later, waiting) = (&agenda.points_not_reached, &agenda.concerns_not_reached);
    let mut parts = vec![
        Part::of("Brought to the meeting".to_owned(), points, agenda.points.iter().map(point).collect()),
        Part::of(
            format!("Brought to the meeting, {}", not_reached(later.len())),
            0,
            later.iter().map(point).collect(),
        ),
        of_concerns(format!("Our concerns about {other}"), concerns, &agenda.concerns),
        of_concerns(format!("Our concerns about {other}, {}", not_reached(waiting.len())), 0, waiting),
    ];
    parts.retain(|part| !part.lines.is_empty());
    // What is said of both is said once.
    let mut said = false;
    for part in parts.iter_mut().filter(|part| part.own) {
        if std::mem::replace(&mut said, true) {
            part.note = None;
        }
    }
    parts
}

fn point(of: &Point) -> Line {
    let title = if of.title.is_empty() { "A point from before you came" } else { &of.title };
    let text = if of.text.is_empty() { String::new() } else { ended(&of.text) };
    let mut detail = vec![text, format!("Brought by {}.", of.by)];
    detail.retain(|one| !one.is_empty());
    Line { headline: ended(title), detail, decide: String::new(), call: String::new() }
}

fn concern(of: &AgendaConcern) -> Line {
    let title = if of.title.is_empty() { "A concern from before you came" } else { &of.title };
    let mut detail = of.detail.clone();
    if of.priority != Priority::Routine {
        detail.insert(0, "It is urgent.".to_owned());
    }
    Line { headline: ended(title), detail, decide: of.decide.clone(), call: called(&of.call) }
}

fn title(agenda: &Agenda) -> String {
    format!("{} and {}: mutual member meeting", agenda.of.plan_name, agenda.of.community_name)
}

fn zoned(agenda: &Agenda, at: Timestamp) -> jiff::Zoned {
    at.to_zoned(agenda.zone.clone())
}

fn when(agenda: &Agenda) -> String {
    let (from, to) = (zoned(agenda, agenda.begins), zoned(agenda, agenda.ends()));
    let zone = agenda.zone.iana_name().unwrap_or("UTC");
    format!(
        "{}, {} to {} ({zone})",
        from.strftime("%A, %-d %B %Y"),
        from.strftime("%H:%M"),
        to.strftime("%H:%M")
    )
}

fn made(agenda: &Agenda) -> String {
    let (today, later) = (agenda.items.len(), agenda.not_reached.len());
    let at = zoned(agenda, agenda.at).strftime("%-d %B %Y, %H:%M").to_string();
    let since = agenda.since.strftime("%-d %B %Y");
    let mut all = vec![counted(today, "case")];
    for (n, what) in [(agenda.points.len(), "point"), (agenda.concerns.len(), "concern of our own")] {
        if n > 0 {
            // `1 concern of our own`, `2 concerns of our own`.
            let (word, rest) = what.split_once(' ').unwrap_or((what, ""));
            all.push(format!("{} {rest}", counted(n, word)).trim_end().to_owned());
        }
    }
    let later = later + agenda.points_not_reached.len() + agenda.concerns_not_reached.len();
    let later = if later == 0 { String::new() } else { format!("; {later} not reached this time") };
    format!("{} for today{later}. Looked back to {since}. As things stood on {at}.", all.join(", "))
}

fn people(agenda: &Agenda) -> String {
    let of = |contact: &crate::contact::Contact| {
        let plan_side = contact.organization == agenda.of.pair.plan_side;
        let side = if plan_side { &agenda.of.plan_name } else { &agenda.of.community_name };
        format!("{} ({}, {side})", contact.name, contact.role)
    };
    agenda.people.iter().map(of).collect::<Vec<_>>().join("; ")
}

fn process_title(agenda: &Agenda) -> String {
    match agenda.process_minutes {
        0 => "How answering and signing go".to_owned(),
        n => format!("How answering and signing go ({})", many(n.into(), "minute")),
    }
}

fn who(item: &Item) -> String {
    format!("{}, born {}", item.member, item.birth_date.strftime("%-d %B %Y"))
}

fn calls(item: &Item) -> String {
    called(&item.call)
}

fn called(all: &[super::Call]) -> String {
    let one = |call: &super::Call| format!("{} ({}) {}", call.name, call.organization, call.phone);
    all.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A text as Markdown shows it (CommonMark 0.31, 2.4): what has a meaning there is escaped, and it stays on its line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&' | '~' => out.extend(['\\', c]),
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A text as HTML shows it.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
