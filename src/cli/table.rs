//! Tables for people: as wide as the terminal at most.
use comfy_table::{CellAlignment, ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use terminal_size::terminal_size_of;

/// An empty table. Where it goes to a file or a pipe its lines are as long as they are.
pub fn table<T: ToString>(header: impl IntoIterator<Item = T>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(header.into_iter().map(|name| name.to_string()));
    fit(&mut table);
    table
}

/// The same, of numbers: all but the first column stand to the right.
pub fn of_numbers<T: ToString>(header: impl IntoIterator<Item = T>) -> Table {
    let mut table = table(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Breaks cells where the lines would be wider than the terminal.
pub fn fit(table: &mut Table) {
    if let Some((width, _)) = terminal_size_of(std::io::stdout()) {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width.0);
    }
}
