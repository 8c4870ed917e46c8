//! What the system says about a process.

/// Ticks a second in which Linux reports processor time to programs.
const TICKS_PER_S: u64 = 100;

/// Processor time that a process used so far, all its threads together, in microseconds; `None`
/// for the own process. It is exact to 10 ms.
#[must_use]
pub fn processor_time_us(process: Option<u32>) -> Option<u64> {
    let name = process.map_or_else(|| "self".to_owned(), |id| id.to_string());
    let text = std::fs::read_to_string(format!("/proc/{name}/stat")).ok()?;
    ticks(&text).map(|ticks| ticks * (1_000_000 / TICKS_PER_S))
}

/// User and system time from `/proc/PID/stat`: fields 14 and 15, counted after the name of the
/// program, which may hold blanks and brackets itself.
fn ticks(text: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::ticks;

    #[test]
    fn the_name_of_a_program_does_not_shift_the_fields() {
        let line = "7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 1 2 3";
        assert_eq!(ticks(line), Some(300));
        assert_eq!(ticks("7 (a) S 1"), None);
    }
}
