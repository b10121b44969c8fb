//! Keys, queue, objects, mail, configuration, telemetry and faults.
