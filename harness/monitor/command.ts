/** `engram monitor rules` and `engram monitor dashboard`: what other programs need to watch a monitored store. */
import { Command } from "commander";
import { stringify } from "yaml";
import { dashboard, prometheusRules } from "../../src/monitor/index.js";

const DETAILS = `
Both go with a monitor that Prometheus scrapes: store.monitor({ listen: { port: 9464 } }) serves /metrics.

  engram monitor rules > engram-rules.yml           # rule_files of prometheus.yml
  engram monitor dashboard > engram-dashboard.json  # Grafana: Dashboards, New, Import`;

export function monitorCommand(): Command {
  const command = new Command("monitor")
    .description("alert rules for Prometheus, a dashboard for Grafana")
    .addHelpText("after", DETAILS);
  command
    .command("rules")
    .description("Prometheus alert rules at the documented limits, as YAML")
    .option("--json", "as JSON")
    .action(({ json }: { json?: boolean }) => {
      const rules = prometheusRules();
      process.stdout.write(json ? `${JSON.stringify(rules, null, 2)}\n` : stringify(rules, { lineWidth: 0 }));
    });
  command
    .command("dashboard")
    .description("a Grafana dashboard of the charts of the live page, as JSON")
    .action(() => {
      process.stdout.write(`${JSON.stringify(dashboard(), null, 2)}\n`);
    });
  return command;
}
