//! The table of `make bench`: what is pure of it.

#[path = "../benches/support/estimates.rs"]
#[allow(dead_code)]
mod estimates;
#[path = "../benches/support/table.rs"]
#[allow(dead_code)]
mod table;

use estimates::Estimate;
use std::fs;
use table::{Row, Table, Unit, compare, markdown, processor, ratios};

fn row(of: [&str; 3], unit: Unit, median: f64, share: f64) -> Row {
    let estimate = Estimate { median, low: (1.0 - share) * median, high: (1.0 + 2.0 * share) * median };
    Row::new(of, unit, estimate)
}

fn rows() -> Vec<Row> {
    vec![
        row(["volume", "M=3", "ours"], Unit::Seconds, 2e-3, 0.1),
        row(["volume", "M=4", "ours"], Unit::Seconds, 1.234_56, 0.0),
        row(["volume", "M=3", "theirs"], Unit::Seconds, 5e-3, 0.01),
        row(["size", "M=3", "numbers"], Unit::Bytes, 840.0, 0.0),
        row(["size", "M=3", "journal"], Unit::Bytes, 2_100_000.0, 0.0),
    ]
}

#[test]
fn each_figure_stands_against_the_first_of_its_benchmark_and_parameters() {
    let against: Vec<_> = compare(&rows()).into_iter().map(|c| c.ratio.zip(c.against)).collect();
    let of = |ratio: f64, name: &str| Some((ratio, name.to_owned()));
    assert_eq!(against, [None, None, of(2.5, "ours"), None, of(2500.0, "numbers")]);
    let only_theirs = &rows()[2..3];
    assert_eq!(compare(only_theirs)[0].ratio, None, "the other one was filtered out");
}

#[test]
fn the_table_has_units_intervals_rates_and_what_was_left_out() {
    let table = Table {
        head: vec![("cores".to_owned(), "2".to_owned())],
        rows: compare(&rows()),
        left_out: vec!["a peer, which is not here".to_owned()],
    };
    let expected = "\
- cores: 2
- left out: a peer, which is not here

| benchmark | parameters | what | median | interval | per second | ratio | against |
|---|---|---|---|---|---|---|---|
| volume | M=3 | ours | 2.00 ms | -10 to +20 % | 500 |  |  |
| volume | M=4 | ours | 1.23 s |  | 0.810 |  |  |
| volume | M=3 | theirs | 5.00 ms | -1 to +2 % | 200 | 2.50 | ours |
| size | M=3 | numbers | 840 bytes |  |  |  |  |
| size | M=3 | journal | 2.10 MB |  |  | 2,500 | numbers |
";
    assert_eq!(markdown(&table), expected);
    let json: serde_json::Value = serde_json::to_value(&table).unwrap();
    assert_eq!(json["rows"][2]["median"], 5e-3);
    assert_eq!((&json["rows"][2]["ratio"], &json["rows"][2]["against"]), (&2.5.into(), &"ours".into()));
    assert_eq!(ratios(&rows()[1..3]), ["volume M=4: ours 1.23 s", "volume M=3: theirs 5.00 ms"]);
    assert_eq!(
        ratios(&[rows().remove(0), rows().remove(2)]),
        ["volume M=3: ours 2.00 ms; theirs 2.50 times"]
    );
}

#[test]
fn a_part_is_read_as_it_was_written() {
    let text = serde_json::to_string(&rows()).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Row>>(&text).unwrap(), rows());
}

#[test]
fn estimates_are_found_wherever_criterion_keeps_them() {
    let dir = tempfile::tempdir().unwrap();
    let write = |of: &str, which: &str, id: &str, median_ns: f64| {
        let folder = dir.path().join(of).join(which);
        fs::create_dir_all(&folder).unwrap();
        fs::write(
            folder.join("benchmark.json"),
            format!("{{\"group_id\": \"g\", \"full_id\": \"{id}\"}}"),
        )
        .unwrap();
        let statistic = |x: f64| {
            format!(
                "{{\"confidence_interval\": {{\"confidence_level\": 0.95, \"lower_bound\": {}, \
                 \"upper_bound\": {}}}, \"point_estimate\": {x}, \"standard_error\": 1}}",
                0.5 * x,
                2.0 * x
            )
        };
        let text = format!("{{\"mean\": {}, \"median\": {}}}", statistic(1.0), statistic(median_ns));
        fs::write(folder.join("estimates.json"), text).unwrap();
    };
    write("g/a", "new", "g/a b", 4e9);
    write("g/a", "base", "g/a b", 9e9);
    write("g/c/d", "new", "g/c/d", 1e3);
    fs::create_dir(dir.path().join("report")).unwrap();
    let all = estimates::all(dir.path()).unwrap();
    assert_eq!(all.keys().collect::<Vec<_>>(), ["g/a b", "g/c/d"]);
    let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
    let found = all["g/a b"].over(2);
    assert!(close(found.median, 2.0) && close(found.low, 1.0) && close(found.high, 4.0), "{found:?}");
}

#[test]
fn a_processor_has_a_name_or_none() {
    assert_eq!(processor("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n"), "Some CPU @ 2 GHz");
    assert_eq!(processor("CPU implementer : 0x41\n"), "unknown");
}
