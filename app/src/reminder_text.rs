//! What a reminder says, letter by letter: the server writes it, and the page shows it before
//! anything is switched on. Nothing goes into it but an id that means nothing to others, and a
//! date.

use keyarc_wire::ReminderId;

use crate::language::tag;

/// Longest line of a calendar in bytes, without its end (RFC 5545, section 3.1).
const LINE: usize = 75;

/// Something that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueDate {
    /// Names it to the account's own devices.
    pub id: ReminderId,
    /// Days since 1970-01-01.
    pub on: u32,
}

/// A mail, without its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailText {
    /// The subject.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// A day as `2026-12-24`. The algorithm is Howard Hinnant's `civil_from_days`.
pub fn iso(on: u32) -> String {
    let shifted = u64::from(on) + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Where the vault shows it, for whoever can open the vault.
pub fn link(origin: &str, id: ReminderId) -> String {
    format!("{origin}/vault/reminders?id={id}")
}

/// The mail of a day, in the language that is spoken. `stop` is the address that switches mails off.
pub fn mail(origin: &str, due: &[DueDate], more: u32, stop: &str, is_test: bool) -> MailText {
    let (mut text, mut rows) = (String::new(), String::new());
    let mut say = |words: &str| {
        text.push_str(&format!("{words}\n\n"));
        rows.push_str(&format!("<p>{}</p>", html(words)));
    };
    if is_test {
        say(t!("This is a test. A reminder looks like this:"));
    }
    if due.is_empty() {
        say(t!("Nothing is due at the moment."));
    }
    let open = t!("Open KeyArc");
    for one in due {
        let (day, link) = (iso(one.on), link(origin, one.id));
        let words = t!("Something in your vault is due on {day}.", day);
        text.push_str(&format!("{words}\n{open}: {link}\n\n"));
        let shown = html(&words).replacen(&day, &format!("<b>{day}</b>"), 1);
        rows.push_str(&format!(
            "<p>{shown}<br><a href=\"{link}\">{}</a></p>",
            html(open)
        ));
    }
    if more > 0 {
        let words = t!("And {number} more", number = more);
        let all = format!("{origin}/vault/reminders");
        text.push_str(&format!("{words}: {all}\n\n"));
        rows.push_str(&format!(
            "<p>{}: <a href=\"{all}\">{}</a></p>",
            html(&words),
            html(open)
        ));
    }
    let why = t!(
        "KeyArc at {origin} sends this because you asked for it. What is due, only your devices know.",
        origin
    );
    let no_more = t!("No more of these mails");
    text.push_str(&format!("{why}\n{no_more}: {stop}\n"));
    rows.push_str(&format!(
        "<p><small>{} <a href=\"{stop}\">{}</a></small></p>",
        html(&why),
        html(no_more)
    ));
    let subject = summary();
    MailText {
        subject: subject.to_owned(),
        html: document(subject, &rows),
        text,
    }
}

/// The mail that carries a code, in the language that is spoken.
pub fn code_mail(origin: &str, code: &str) -> MailText {
    let words = t!(
        "{code} is the code for reminders by e-mail from KeyArc at {origin}.",
        code,
        origin
    );
    let advice = t!(
        "It is good for an hour. If you did not ask for it, ignore this mail: without the code nothing is sent to you."
    );
    let shown = html(&words).replacen(code, &format!("<b>{code}</b>"), 1);
    MailText {
        subject: t!("Your code for reminders by e-mail").to_owned(),
        html: document("KeyArc", &format!("<p>{shown}</p><p>{}</p>", html(advice))),
        text: format!("{words}\n\n{advice}\n"),
    }
}

/// A page that asks for nothing but a press, or tells that it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageText {
    /// Its heading.
    pub title: &'static str,
    /// What is said.
    pub words: &'static str,
    /// What is to be pressed.
    pub action: &'static str,
}

/// What is asked before mails are switched off: mail programs follow links by themselves.
pub fn stop_page() -> PageText {
    PageText {
        title: t!("No more reminders by e-mail?"),
        words: t!(
            "KeyArc then sends no more of these mails. Your vault is not touched, and you can switch them on again in the settings."
        ),
        action: t!("No more of these mails"),
    }
}

/// What is told once they are off.
pub fn stopped_page() -> PageText {
    PageText {
        title: t!("No more reminders by e-mail"),
        words: t!("They are off. You can switch them on again in the settings of your vault."),
        action: t!("Open your vault"),
    }
}

/// What is said of everything that is due.
fn summary() -> &'static str {
    t!("Something in your vault is due")
}

fn document(title: &str, body: &str) -> String {
    let (tag, title) = (tag(), html(title));
    format!(
        "<!DOCTYPE html><html lang=\"{tag}\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body>{body}</body></html>"
    )
}

/// Text as HTML.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// The body of a webhook's request. All of it is of our own making: nothing needs escaping.
pub fn webhook_body(due: DueDate, delivery: &str, is_test: bool) -> String {
    let kind = match is_test {
        true => "reminder.test",
        false => "reminder.due",
    };
    format!(
        "{{\"type\":\"{kind}\",\"id\":\"{}\",\"date\":\"{}\",\"delivery\":\"{delivery}\"}}",
        due.id,
        iso(due.on)
    )
}

/// A calendar with all dates (RFC 5545), in the language that is spoken. `changed_at_ms` is when they were changed last, Unix
/// milliseconds: the same dates make the same bytes.
pub fn calendar(origin: &str, due: &[DueDate], changed_at_ms: u64) -> String {
    let mut out = String::new();
    for line in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//KeyArc//Reminders//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:KeyArc",
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
    ] {
        push_line(&mut out, line);
    }
    for one in due {
        push_event(&mut out, origin, *one, changed_at_ms);
    }
    push_line(&mut out, "END:VCALENDAR");
    out
}

/// One event of a calendar.
pub fn event(origin: &str, due: DueDate, changed_at_ms: u64) -> String {
    let mut out = String::new();
    push_event(&mut out, origin, due, changed_at_ms);
    out
}

fn push_event(out: &mut String, origin: &str, due: DueDate, changed_at_ms: u64) {
    let link = link(origin, due.id);
    let day = iso(due.on).replace('-', "");
    push_line(out, "BEGIN:VEVENT");
    push_line(out, &format!("UID:{}@keyarc", due.id));
    push_line(out, &format!("DTSTAMP:{}", stamp(changed_at_ms)));
    // Without an end it is that whole day (section 3.6.1).
    push_line(out, &format!("DTSTART;VALUE=DATE:{day}"));
    push_line(out, &format!("SUMMARY:{}", escape(summary())));
    push_line(
        out,
        &format!(
            "DESCRIPTION:{}",
            escape(&format!("{}: {link}", t!("Open KeyArc")))
        ),
    );
    push_line(out, &format!("URL:{link}"));
    push_line(out, "TRANSP:TRANSPARENT");
    push_line(out, "END:VEVENT");
}

/// A moment as `20261129T140500Z`.
fn stamp(at_ms: u64) -> String {
    let seconds = at_ms / 1000;
    let of_day = seconds % 86_400;
    let on = u32::try_from(seconds / 86_400).unwrap_or(0);
    format!(
        "{}T{:02}{:02}{:02}Z",
        iso(on).replace('-', ""),
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

/// Text as a value (section 3.3.11).
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => {}
            c => out.push(c),
        }
    }
    out
}

/// A line, folded where it is too long, between characters.
fn push_line(out: &mut String, line: &str) {
    let mut room = LINE;
    for c in line.chars() {
        if c.len_utf8() > room {
            out.push_str("\r\n ");
            // The space counts.
            room = LINE - 1;
        }
        out.push(c);
        room -= c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Catalogue, Spoken, speaking};

    const ORIGIN: &str = "https://keyarc.example";

    fn due(id: u8, on: u32) -> DueDate {
        DueDate {
            id: ReminderId([id; 16]),
            on,
        }
    }

    fn unfold(text: &str) -> String {
        text.replace("\r\n ", "")
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (on, day) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_811, "2026-12-24"),
            (2_932_896, "9999-12-31"),
        ] {
            assert_eq!(iso(on), day);
        }
        // Each day follows the one before.
        let mut before = iso(0);
        for on in 1..100_000 {
            let day = iso(on);
            assert!(day > before, "{before} {day}");
            before = day;
        }
    }

    #[test]
    fn a_calendar_is_written_as_the_standard_has_it() {
        let text = calendar(ORIGIN, &[due(0xab, 20_811)], 1_796_000_000_000);
        let id = "ab".repeat(16);
        let expected = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//KeyArc//Reminders//EN",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            "X-WR-CALNAME:KeyArc",
            "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
            "BEGIN:VEVENT",
            &format!("UID:{id}@keyarc"),
            "DTSTAMP:20261130T005320Z",
            "DTSTART;VALUE=DATE:20261224",
            "SUMMARY:Something in your vault is due",
            &format!("DESCRIPTION:Open KeyArc: {ORIGIN}/vault/reminders?id={id}"),
            &format!("URL:{ORIGIN}/vault/reminders?id={id}"),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ];
        assert_eq!(unfold(&text), expected.join("\r\n"));
        assert_eq!(
            calendar(ORIGIN, &[due(0xab, 20_811)], 1_796_000_000_000),
            text
        );
        // No bare line feed, and no line that is too long.
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert!(text.split("\r\n").all(|line| line.len() <= LINE));
    }

    #[test]
    fn long_lines_fold_between_characters() {
        for character in ['a', 'ü', '€', '🔑'] {
            for count in 0..400 {
                let line: String = std::iter::repeat_n(character, count).collect();
                let mut out = String::new();
                push_line(&mut out, &line);
                assert!(out.ends_with("\r\n"));
                let body = &out[..out.len() - 2];
                assert!(body.split("\r\n").all(|part| part.len() <= LINE), "{count}");
                assert_eq!(unfold(body), line);
            }
        }
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape("a,b;c\\d\r\ne:\"f\""), "a\\,b\\;c\\\\d\\ne:\"f\"");
    }

    #[test]
    fn a_mail_has_ids_dates_and_nothing_else() {
        let stop = format!("{ORIGIN}/reminders/unsubscribe/x");
        let mail = mail(ORIGIN, &[due(1, 20_811), due(2, 20_812)], 3, &stop, false);
        assert_eq!(
            mail.text,
            format!(
                "Something in your vault is due on 2026-12-24.\nOpen KeyArc: {ORIGIN}/vault/reminders?id={}\n\nSomething in your vault is due on 2026-12-25.\nOpen KeyArc: {ORIGIN}/vault/reminders?id={}\n\nAnd 3 more: {ORIGIN}/vault/reminders\n\nKeyArc at {ORIGIN} sends this because you asked for it. What is due, only your devices know.\nNo more of these mails: {stop}\n",
                "01".repeat(16),
                "02".repeat(16)
            )
        );
        assert!(mail.html.contains("<b>2026-12-24</b>") && mail.html.contains(&stop));
        assert!(!mail.html.contains("<img") && !mail.html.contains("<script"));
    }

    #[test]
    fn what_is_sent_is_in_the_language_that_is_spoken() {
        let file = "msgid \"\"\nmsgstr \"Language: de\\nX-Name: Deutsch\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n\"\n\
            msgid \"Something in your vault is due\"\nmsgstr \"<Fällig> & mehr\"\n\
            msgid \"Something in your vault is due on {day}.\"\nmsgstr \"Am {day} ist etwas fällig.\"\n";
        let catalogue = Box::leak(Box::new(Catalogue::parse(file).expect("a catalogue")));
        speaking(Spoken(Some(catalogue)), || {
            let told = mail(ORIGIN, &[due(1, 20_811)], 0, "stop", true);
            assert_eq!(told.subject, "<Fällig> & mehr");
            assert!(told.text.contains("Am 2026-12-24 ist etwas fällig."));
            assert!(told.html.contains("lang=\"de\"><head>"));
            assert!(
                told.html
                    .contains("<title>&lt;Fällig&gt; &amp; mehr</title>")
            );
            assert!(told.html.contains("Am <b>2026-12-24</b> ist etwas fällig."));
            let shown = unfold(&calendar(ORIGIN, &[due(1, 20_811)], 0));
            assert!(shown.contains("SUMMARY:<Fällig> & mehr"));
        });
        let told = code_mail(ORIGIN, "12345678");
        assert!(told.html.contains("lang=\"en\"") && told.html.contains("<b>12345678</b>"));
        assert!(told.text.starts_with("12345678 is the code"));
    }

    #[test]
    fn a_webhook_body_is_json() {
        let body = webhook_body(due(1, 20_811), "rem_1", false);
        assert_eq!(
            body,
            format!(
                "{{\"type\":\"reminder.due\",\"id\":\"{}\",\"date\":\"2026-12-24\",\"delivery\":\"rem_1\"}}",
                "01".repeat(16)
            )
        );
    }
}
