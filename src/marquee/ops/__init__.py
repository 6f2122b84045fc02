"""What watches over the platform: the audit, telemetry, processes."""
