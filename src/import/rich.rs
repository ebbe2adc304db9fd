//! The dual-radiator RICH: recognized by where its parameters stand, it brings its stages and objectives.

use super::objectives::Objective;

/// The file of the detectors whose paths are known.
pub(super) fn file(xpath: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| xpath.contains(word));
    if is_rich(xpath) {
        return Some("compact/pid/drich.xml");
    }
    has(&["B0Tracker"]).then_some("compact/far_forward/B0_tracker.xml")
}

/// Whether a path leads into the RICH's description.
pub(super) fn is_rich(xpath: &str) -> bool {
    ["detector/mirror", "sensors/sphere", "DRICH_"].iter().any(|word| xpath.contains(word))
}

/// What its stages measure: separation of pions and kaons in standard deviations for low and high
/// pseudorapidity, and acceptance. Below the thresholds a design is of no interest.
pub(super) fn objectives() -> Vec<Objective> {
    [("piKsep_etalow", 3.62), ("piKsep_etahigh", 4.04), ("acceptance", 0.80)]
        .map(|(name, threshold)| Objective {
            name: name.to_owned(),
            maximize: true,
            threshold: Some(threshold),
        })
        .to_vec()
}

/// Where the value of an objective comes from.
pub(super) fn source(name: &str) -> Option<&'static str> {
    match name {
        "piKsep_etalow" => Some(
            "{ stage = \"analysis\", value = \"separation\", where = { point = [\"p15_eta1.5\", \"p15_eta2.0\"] }, \
             combine = \"mean\" }",
        ),
        "piKsep_etahigh" => Some(
            "{ stage = \"analysis\", value = \"separation\", where = { point = [\"p45_eta2.5\", \"p45_eta3.0\"] }, \
             combine = \"mean\" }",
        ),
        "acceptance" => Some("{ stage = \"analysis\", value = \"acceptance\", combine = \"mean\" }"),
        _ => None,
    }
}

/// The `[[stage]]` tables: overlap check, simulation and reconstruction of pions and kaons at four points,
/// analysis of each point. `options` are further arguments of the reconstruction, each a TOML text.
pub(super) fn stages(options: &[String]) -> String {
    let further: String = options.iter().map(|option| format!(",\n    {option}")).collect();
    STAGES.replace("OPTIONS", &further)
}

const STAGES: &str = r#"
# Overlapping volumes show in the text, not in the exit code.
[[stage]]
name = "overlap"
gate = true
command = ["checkOverlaps", "-c", "{geometry}"]
patterns = [{ text = "Number of illegal overlaps/extrusions : {n}", above = 0, is = "infeasible", required = true }]
timeout = "1 h"

# One particle per event: the reconstruction of rings knows no more.
[[stage]]
name = "simulation"
needs = ["overlap"]
events = { total = 3000, per_job = 3000 }
steps = [
  ["npsim", "--compactFile", "{geometry}", "-G", "-N", "{event.count}", "--random.seed", "{event.seed}",
    "--gun.etaMin", "{key.point.eta.0}", "--gun.etaMax", "{key.point.eta.1}",
    "--gun.phiMin", "0", "--gun.phiMax", "6.2831853",
    "--gun.momentumMin", "{key.point.p}*GeV", "--gun.momentumMax", "{key.point.p}*GeV",
    "--gun.particle", "{key.particle}", "--gun.distribution", "eta", "-O", "sim.edm4hep.root"],
  ["eicrecon", "sim.edm4hep.root", "-Ppodio:output_file=recon.root", "-Pdd4hep:xml_files={geometry}",
    "-Ppodio:output_include_collections=DRICHHits,MCParticles,DRICHRawHits,DRICHRawHitsAssociations,DRICHAerogelTracks,DRICHGasTracks,DRICHAerogelIrtCherenkovParticleID,DRICHGasIrtCherenkovParticleID,DRICHMergedIrtCherenkovParticleID"OPTIONS],
]
outputs = ["recon.root"]
keep = "results"
memory = "4 GB"
timeout = "4 h"
silence = "10 min"

[stage.foreach]
particle = ["pi+", "kaon+"]
point = [
  { name = "p15_eta1.5", p = 15, eta = [1.5, 2.0], radiator = 0 },
  { name = "p15_eta2.0", p = 15, eta = [2.0, 2.5], radiator = 0 },
  { name = "p45_eta2.5", p = 45, eta = [2.5, 3.0], radiator = 1 },
  { name = "p45_eta3.0", p = 45, eta = [3.0, 3.5], radiator = 1 },
]

# Radiator 0 is aerogel, 1 gas; 3000 events drawn 5000 times tell the standard errors.
[[stage]]
name = "analysis"
needs = ["simulation"]
by = ["point"]
command = ["dRICHAna_bootstrap", "{in.simulation:particle=pi+}", "{in.simulation:particle=kaon+}", "out.txt",
  "{key.point.radiator}", "3000", "5000"]
result = { table = "out.txt", columns = ["acceptance", "acceptance.sd", "separation", "separation.sd"] }
timeout = "1 h"
"#;
