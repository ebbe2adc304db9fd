//! What pilots may say, in both generations.

use super::args::{
    Argument,
    Kind::{Bool, Dict, Int, List, Num, SetInt, Str},
    Table,
};

/// Asks for jobs.
pub const ACQUIRE: Table = Table {
    required: &[("site_name", "siteName", Str)],
    optional: &[
        ("prod_source_label", "prodSourceLabel", Str),
        ("n_jobs", "nJobs", SetInt),
        ("node", "node", Str),
        ("computing_element", "computingElement", Str),
        ("memory", "mem", Int),
        ("disk_space", "diskSpace", Int),
        ("remaining_time", "remaining_time", Int),
        ("timeout", "timeout", SetInt),
        ("resource_type", "resourceType", Str),
        ("task_id", "taskID", Int),
        ("prod_user_id", "prodUserID", Str),
        ("job_type", "jobType", Str),
        ("background", "background", Bool),
        ("via_topic", "viaTopic", Bool),
        ("get_proxy_key", "getProxyKey", Bool),
        ("harvester_id", "harvester_id", Str),
        ("worker_id", "worker_id", Int),
        ("scheduler_id", "schedulerID", Str),
        ("target_architecture", "", Dict),
    ],
    ignored: &["cpu", "workingGroup", "countryGroup", "allowOtherCountry", "AtlasRelease", "token"],
};

/// Tells of a job.
pub const UPDATE: Table = Table {
    required: &[("job_id", "jobId", Int), ("job_status", "state", Str)],
    optional: &TOLD,
    ignored: &["timestamp", "remainingSpace", "messageLevel", "workdir", "computingElement", "token"],
};

const TOLD: [Argument; 49] = [
    ("attempt_nr", "attemptNr", Int),
    ("job_sub_status", "jobSubStatus", Str),
    ("node", "node", Str),
    ("site_name", "siteName", Str),
    ("scheduler_id", "schedulerID", Str),
    ("pilot_id", "pilotID", Str),
    ("batch_id", "batchID", Str),
    ("trans_exit_code", "transExitCode", Int),
    ("pilot_error_code", "pilotErrorCode", Int),
    ("pilot_error_diag", "pilotErrorDiag", Str),
    ("exe_error_code", "exeErrorCode", Int),
    ("exe_error_diag", "exeErrorDiag", Str),
    ("n_events", "nEvents", Int),
    ("n_input_files", "nInputFiles", Int),
    ("core_count", "coreCount", Int),
    ("mean_core_count", "meanCoreCount", Int),
    ("cpu_consumption_time", "cpuConsumptionTime", Int),
    ("cpu_consumption_unit", "cpuConsumptionUnit", Str),
    ("cpu_conversion_factor", "cpuConversionFactor", Num),
    ("cpu_architecture_level", "cpu_architecture_level", Str),
    ("pilot_log", "pilotLog", Str),
    ("pilot_timing", "pilotTiming", Str),
    ("start_time", "startTime", Str),
    ("end_time", "endTime", Str),
    ("job_metrics", "jobMetrics", Str),
    ("meta_data", "metaData", Str),
    ("stdout", "stdout", Str),
    ("job_output_report", "xml", Str),
    ("corrupted_files", "corruptedFiles", Str),
    ("grid", "grid", Str),
    ("source_site", "source_site", Str),
    ("destination_site", "destination_site", Str),
    ("max_rss", "maxRSS", Num),
    ("max_vmem", "maxVMEM", Num),
    ("max_swap", "maxSWAP", Num),
    ("max_pss", "maxPSS", Num),
    ("avg_rss", "avgRSS", Num),
    ("avg_vmem", "avgVMEM", Num),
    ("avg_swap", "avgSWAP", Num),
    ("avg_pss", "avgPSS", Num),
    ("tot_rchar", "totRCHAR", Num),
    ("tot_wchar", "totWCHAR", Num),
    ("tot_rbytes", "totRBYTES", Num),
    ("tot_wbytes", "totWBYTES", Num),
    ("rate_rchar", "rateRCHAR", Num),
    ("rate_wchar", "rateWCHAR", Num),
    ("rate_rbytes", "rateRBYTES", Num),
    ("rate_wbytes", "rateWBYTES", Num),
    ("timeout", "timeout", SetInt),
];

/// Tells of many jobs.
pub const BULK: Table = Table {
    required: &[("job_list", "jobList", List)],
    optional: &[("harvester_id", "harvester_id", Str)],
    ignored: &[],
};

/// Asks how jobs stand, in the classic interface.
pub const STATUS: Table = Table {
    required: &[("job_ids", "ids", Str)],
    optional: &[("timeout", "timeout", SetInt)],
    ignored: &[],
};

/// Tells of a batch job, in the classic interface.
pub const WORKER: Table = Table {
    required: &[
        ("worker_id", "workerID", Str),
        ("harvester_id", "harvesterID", Str),
        ("status", "status", Str),
    ],
    optional: &[("site", "site", Str), ("node_id", "node_id", Str), ("timeout", "timeout", SetInt)],
    ignored: &["token"],
};

/// Nothing.
pub const NONE: Table = Table { required: &[], optional: &[], ignored: &[] };
