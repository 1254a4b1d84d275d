//! Notes as people write them: Markdown (CommonMark 0.31 with tables, tasks and struck text), read
//! into a tree that has no place for HTML, for pictures that are fetched, or for addresses that do
//! anything but lead somewhere.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// Longest text that is looked at, in bytes. A longer one is shown as it was written.
const TEXT_MAX: usize = 256 * 1024;
/// Deepest nesting. What is deeper stands at this depth.
const DEPTH_MAX: usize = 16;
/// Most nodes of a tree: a text of mere markup would make more of them than a page can draw.
const NODES_MAX: usize = 20_000;

/// A piece of a note that begins a line of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// From 1, the highest, to 6.
    Heading(u8, Vec<Inline>),
    /// Text.
    Paragraph(Vec<Inline>),
    /// A list, with the number of its first item where they are numbered.
    List(Option<u64>, Vec<ListItem>),
    /// What somebody else said.
    Quote(Vec<Block>),
    /// Text in which every character counts.
    Code(String),
    /// A table: rows of cells, the first of them its head.
    Table(Vec<Vec<Vec<Inline>>>),
    /// A line across.
    Rule,
}

/// An item of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListItem {
    /// Whether a task is done; `None` for what is no task.
    pub done: Option<bool>,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline {
    /// Characters.
    Text(String),
    /// Characters of which every one counts.
    Code(String),
    /// Told louder.
    Strong(Vec<Inline>),
    /// Told otherwise.
    Emphasis(Vec<Inline>),
    /// Struck out.
    Struck(Vec<Inline>),
    /// An address of the web or of a mailbox, with its words.
    Link(String, Vec<Inline>),
    /// A new line.
    Break,
}

/// Reads a note. `None` when it says the same as it stands: no markup, or too much of it.
pub fn read(text: &str) -> Option<Vec<Block>> {
    if text.len() > TEXT_MAX {
        return None;
    }
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    let mut tree = Tree::default();
    for event in Parser::new_ext(text, options) {
        tree.take(event);
        if tree.nodes > NODES_MAX {
            return None;
        }
    }
    let blocks = tree.finish();
    let is_plain = blocks.iter().all(|block| match block {
        Block::Paragraph(line) => line
            .iter()
            .all(|piece| matches!(piece, Inline::Text(_) | Inline::Break)),
        _ => false,
    });
    (!is_plain).then_some(blocks)
}

/// The address that a link may lead to.
fn address(to: &str) -> Option<String> {
    let to = to.trim();
    let lower = to.to_ascii_lowercase();
    let leads = ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| lower.starts_with(scheme));
    let is_plain = !to.chars().any(|c| c.is_control() || c.is_whitespace());
    (leads && is_plain).then(|| to.to_owned())
}

/// What is open while the events of a text come in.
enum Open {
    Heading(u8),
    Paragraph,
    List(Option<u64>),
    Item,
    Quote,
    Code,
    Table,
    Row,
    Cell,
    Strong,
    Emphasis,
    Struck,
    Link(Option<String>),
    /// What has no look of its own, or is nested too deeply: its parts stand where it stands.
    Nothing,
}

/// What has been read of an open thing.
#[derive(Default)]
struct Parts {
    blocks: Vec<Block>,
    line: Vec<Inline>,
    items: Vec<ListItem>,
    done: Option<bool>,
    text: String,
    rows: Vec<Vec<Vec<Inline>>>,
    cells: Vec<Vec<Inline>>,
}

impl Parts {
    /// Text that stands in no paragraph, as that of a tight list, is one.
    fn settle(&mut self) {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.blocks.push(Block::Paragraph(line));
        }
    }

    fn blocks(mut self) -> Vec<Block> {
        self.settle();
        self.blocks
    }
}

#[derive(Default)]
struct Tree {
    root: Parts,
    open: Vec<(Open, Parts)>,
    nodes: usize,
}

impl Tree {
    fn now(&mut self) -> &mut Parts {
        match self.open.last_mut() {
            Some((_, parts)) => parts,
            None => &mut self.root,
        }
    }

    fn take(&mut self, event: Event<'_>) {
        self.nodes += 1;
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            // HTML is text like any other.
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(code) => self.now().line.push(Inline::Code(code.into_string())),
            // People who write notes mean the lines that they make.
            Event::SoftBreak | Event::HardBreak => self.now().line.push(Inline::Break),
            Event::Rule => {
                let now = self.now();
                now.settle();
                now.blocks.push(Block::Rule);
            }
            Event::TaskListMarker(done) => self.now().done = Some(done),
            Event::FootnoteReference(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.text(&text);
            }
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((Open::Code, parts)) = self.open.last_mut() {
            parts.text.push_str(text);
            return;
        }
        let line = &mut self.now().line;
        match line.last_mut() {
            Some(Inline::Text(before)) => before.push_str(text),
            _ => line.push(Inline::Text(text.to_owned())),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        let open = match tag {
            _ if self.open.len() >= DEPTH_MAX => Open::Nothing,
            Tag::Heading { level, .. } => Open::Heading(match level {
                HeadingLevel::H1 => 1,
                HeadingLevel::H2 => 2,
                HeadingLevel::H3 => 3,
                HeadingLevel::H4 => 4,
                HeadingLevel::H5 => 5,
                HeadingLevel::H6 => 6,
            }),
            Tag::Paragraph => Open::Paragraph,
            Tag::List(first) => Open::List(first),
            Tag::Item => Open::Item,
            Tag::BlockQuote(_) => Open::Quote,
            Tag::CodeBlock(_) | Tag::HtmlBlock => Open::Code,
            Tag::Table(_) => Open::Table,
            Tag::TableHead | Tag::TableRow => Open::Row,
            Tag::TableCell => Open::Cell,
            Tag::Strong => Open::Strong,
            Tag::Emphasis => Open::Emphasis,
            Tag::Strikethrough => Open::Struck,
            // A picture is not fetched: its words lead to it.
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                Open::Link(address(&dest_url))
            }
            _ => Open::Nothing,
        };
        let begins_block = matches!(
            open,
            Open::Heading(_)
                | Open::Paragraph
                | Open::List(_)
                | Open::Quote
                | Open::Code
                | Open::Table
        );
        if begins_block {
            self.now().settle();
        }
        self.open.push((open, Parts::default()));
    }

    fn end(&mut self, _: TagEnd) {
        let Some((open, mut parts)) = self.open.pop() else {
            return;
        };
        let now = self.now();
        match open {
            Open::Heading(level) => now.blocks.push(Block::Heading(level, parts.line)),
            Open::Paragraph => {
                // The box of a task in a loose list stands in its paragraph.
                now.done = now.done.or(parts.done);
                now.blocks.push(Block::Paragraph(parts.line));
            }
            Open::List(first) => now.blocks.push(Block::List(first, parts.items)),
            Open::Item => now.items.push(ListItem {
                done: parts.done,
                blocks: parts.blocks(),
            }),
            Open::Quote => now.blocks.push(Block::Quote(parts.blocks())),
            Open::Code => {
                let text = parts.text.trim_end_matches('\n').to_owned();
                now.blocks.push(Block::Code(text));
            }
            Open::Table => now.blocks.push(Block::Table(parts.rows)),
            Open::Row => now.rows.push(parts.cells),
            Open::Cell => now.cells.push(parts.line),
            Open::Strong => now.line.push(Inline::Strong(parts.line)),
            Open::Emphasis => now.line.push(Inline::Emphasis(parts.line)),
            Open::Struck => now.line.push(Inline::Struck(parts.line)),
            Open::Link(Some(to)) => now.line.push(Inline::Link(to, parts.line)),
            Open::Link(None) => now.line.append(&mut parts.line),
            Open::Nothing => {
                now.line.append(&mut parts.line);
                if !parts.blocks.is_empty() {
                    now.settle();
                    now.blocks.append(&mut parts.blocks);
                }
                for item in parts.items {
                    now.blocks.extend(item.blocks);
                }
                let cells = parts
                    .cells
                    .into_iter()
                    .chain(parts.rows.into_iter().flatten());
                now.line.extend(cells.flatten());
                if !parts.text.is_empty() {
                    now.line.push(Inline::Text(parts.text));
                }
            }
        }
    }

    fn finish(mut self) -> Vec<Block> {
        // Every start has its end; were it otherwise, nothing that was read would be lost.
        while !self.open.is_empty() {
            self.end(TagEnd::Paragraph);
        }
        self.root.blocks()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(words: &str) -> Inline {
        Inline::Text(words.to_owned())
    }

    fn said(words: &str) -> Block {
        Block::Paragraph(vec![text(words)])
    }

    /// The characters of a tree, in their order.
    fn words(blocks: &[Block]) -> String {
        fn of_line(line: &[Inline], out: &mut String) {
            for piece in line {
                match piece {
                    Inline::Text(text) | Inline::Code(text) => out.push_str(text),
                    Inline::Break => out.push(' '),
                    Inline::Strong(line)
                    | Inline::Emphasis(line)
                    | Inline::Struck(line)
                    | Inline::Link(_, line) => of_line(line, out),
                }
            }
        }
        let mut out = String::new();
        for block in blocks {
            match block {
                Block::Heading(_, line) | Block::Paragraph(line) => of_line(line, &mut out),
                Block::List(_, items) => {
                    for item in items {
                        out.push_str(&words(&item.blocks));
                    }
                }
                Block::Quote(blocks) => out.push_str(&words(blocks)),
                Block::Code(text) => out.push_str(text),
                Block::Table(rows) => rows
                    .iter()
                    .flatten()
                    .for_each(|cell| of_line(cell, &mut out)),
                Block::Rule => {}
            }
        }
        out
    }

    /// Where the links of a tree lead.
    fn addresses(blocks: &[Block]) -> Vec<String> {
        fn of_line(line: &[Inline], out: &mut Vec<String>) {
            for piece in line {
                match piece {
                    Inline::Text(_) | Inline::Code(_) | Inline::Break => {}
                    Inline::Strong(line) | Inline::Emphasis(line) | Inline::Struck(line) => {
                        of_line(line, out);
                    }
                    Inline::Link(to, line) => {
                        out.push(to.clone());
                        of_line(line, out);
                    }
                }
            }
        }
        let mut out = Vec::new();
        for block in blocks {
            match block {
                Block::Heading(_, line) | Block::Paragraph(line) => of_line(line, &mut out),
                Block::List(_, items) => {
                    out.extend(items.iter().flat_map(|item| addresses(&item.blocks)));
                }
                Block::Quote(blocks) => out.extend(addresses(blocks)),
                Block::Table(rows) => rows
                    .iter()
                    .flatten()
                    .for_each(|cell| of_line(cell, &mut out)),
                Block::Code(_) | Block::Rule => {}
            }
        }
        out
    }

    #[test]
    fn every_form_is_read() {
        let note = "# Router\n\nThe **admin** page is at <https://10.0.0.1>,\nnot *there* or ~~here~~.\n\n- [x] changed\n- [ ] backed up\n\n3. three\n4. `four`\n\n> said\n\n---\n\n```\na  b\n```\n\n| a | b |\n|---|---|\n| c | d |\n";
        let task = |done, words| ListItem {
            done: Some(done),
            blocks: vec![said(words)],
        };
        let item = |line| ListItem {
            done: None,
            blocks: vec![Block::Paragraph(vec![line])],
        };
        let cell = |words| vec![text(words)];
        assert_eq!(
            read(note).unwrap(),
            [
                Block::Heading(1, vec![text("Router")]),
                Block::Paragraph(vec![
                    text("The "),
                    Inline::Strong(vec![text("admin")]),
                    text(" page is at "),
                    Inline::Link(
                        "https://10.0.0.1".to_owned(),
                        vec![text("https://10.0.0.1")]
                    ),
                    text(","),
                    Inline::Break,
                    text("not "),
                    Inline::Emphasis(vec![text("there")]),
                    text(" or "),
                    Inline::Struck(vec![text("here")]),
                    text("."),
                ]),
                Block::List(None, vec![task(true, "changed"), task(false, "backed up")]),
                Block::List(
                    Some(3),
                    vec![item(text("three")), item(Inline::Code("four".to_owned()))]
                ),
                Block::Quote(vec![said("said")]),
                Block::Rule,
                Block::Code("a  b".to_owned()),
                Block::Table(vec![vec![cell("a"), cell("b")], vec![cell("c"), cell("d")],]),
            ]
        );
    }

    #[test]
    fn a_note_without_markup_stays_as_it_was_written() {
        for note in [
            "",
            "one",
            "one\ntwo",
            "one\n\ntwo  three",
            "a_b_c 4 < 5 & x",
        ] {
            assert_eq!(read(note), None, "{note}");
        }
        assert_eq!(read(&"# a\n".repeat(TEXT_MAX)), None);
        assert_eq!(read(&"*a* ".repeat(NODES_MAX)), None);
    }

    #[test]
    fn nothing_but_the_web_and_mail_is_led_to() {
        for to in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://a/b",
            "//evil.example",
            "/vault",
            "ftp://a.example",
            " javascript:x",
        ] {
            let blocks = read(&format!("# a\n\n[words](<{to}>)")).unwrap();
            assert_eq!(blocks[1], said("words"), "{to}");
        }
        for to in [
            "https://a.example/b",
            "HTTP://a.example",
            "mailto:a@b.example",
        ] {
            let blocks = read(&format!("[words](<{to}>)")).unwrap();
            let link = Inline::Link(to.to_owned(), vec![text("words")]);
            assert_eq!(blocks, [Block::Paragraph(vec![link])]);
        }
    }

    #[test]
    fn html_is_text_and_a_picture_a_link() {
        let blocks = read("<script>alert(1)</script>\n\na <b onclick=x>b</b>").unwrap();
        assert_eq!(
            blocks,
            [
                Block::Code("<script>alert(1)</script>".to_owned()),
                said("a <b onclick=x>b</b>")
            ]
        );
        let blocks = read("![plan](https://a.example/p.png)").unwrap();
        let link = Inline::Link("https://a.example/p.png".to_owned(), vec![text("plan")]);
        assert_eq!(blocks, [Block::Paragraph(vec![link])]);
    }

    #[test]
    fn what_is_nested_deeply_is_not_lost_and_not_deep() {
        fn depth(blocks: &[Block]) -> usize {
            let of = |block: &Block| match block {
                Block::Quote(inner) => 1 + depth(inner),
                Block::List(_, items) => {
                    1 + items
                        .iter()
                        .map(|item| depth(&item.blocks))
                        .max()
                        .unwrap_or(0)
                }
                _ => 1,
            };
            blocks.iter().map(of).max().unwrap_or(0)
        }
        let note = format!("{} deep", "> ".repeat(3_000));
        let blocks = read(&note).unwrap();
        assert!(depth(&blocks) <= DEPTH_MAX + 1);
        assert_eq!(words(&blocks).trim(), "deep");
        let note = format!("{}deep", "- ".repeat(40));
        assert_eq!(words(&read(&note).unwrap()), "deep");
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_no_word_is_made_up(parts in prop::collection::vec(
            prop::sample::select(vec![
                "# ", "## ", "- ", "1. ", "> ", "**", "*", "_", "~~", "`", "```\n", "| ", " |", "---", "\n", "\n\n",
                "[", "](", ")", "<", ">", "&amp;", "![", "[x] ", "    ", "\\", "word", "two words", "é", "\u{202e}",
                "[a](javascript:b)", "<data:c>", "[a](https://b.example)", "https://b.example",
            ]),
            0..60,
        )) {
            let note = parts.concat();
            if let Some(blocks) = read(&note) {
                prop_assert!(addresses(&blocks).iter().all(|to| address(to).is_some()));
                let kept = words(&blocks);
                prop_assert!(kept.matches("word").count() <= note.matches("word").count());
            }
        }
    }
}
