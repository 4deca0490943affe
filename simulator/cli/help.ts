import type { Command } from 'commander';

interface HelpGroup {
  readonly heading: string;
  /** Examples by command, in the order of the help: `fault add`. The arguments behind `fleetwake`, as a shell takes them. */
  readonly examples: Readonly<Record<string, readonly string[]>>;
}

/** The commands by what they are for. A test tries each example. */
export const helpGroups: readonly HelpGroup[] = [
  {
    heading: 'Try a fleet:',
    examples: {
      run: [
        'run underground-garage',
        'run underground-garage --live --html report.html',
        'run my.yaml --check',
      ],
      scenarios: ['scenarios', 'scenarios --schema'],
      report: [],
      'report merge': ['report merge shard-1.json shard-2.json --junit check.xml --markdown check.md'],
      'report diff': ['report diff before.json after.json --max-slower 10%'],
      verify: ['verify run.log'],
      check: ['check --runs 200 --seed 1', 'check --runs 20000 --shard 2/4 --json shard-2.json'],
      replay: ['replay failures/failure-1-42.json'],
      day: ['day --vehicles 100 --purchases 50 --hours 2'],
    },
  },
  {
    heading: 'Run the product:',
    examples: {
      up: ['up', 'up --vehicles 20 --fresh', 'up --open', 'up --without platform,engine'],
      console: ['console', 'console --platform-url http://127.0.0.1:8080 --open'],
      gateway: ['gateway --roles platform,engine --port 8080'],
      'stand-ins': ['stand-ins --payments --mail'],
      fleet: [
        'fleet --vehicles 5 --mqtt-url mqtt://127.0.0.1:1883',
        'fleet --first 1501 --vehicles 1500 --shard 1/3 --mix aurora-2026=3,cirrus-2025 --regions DE,ES',
      ],
      config: [],
      'config check': ['config check --data .fleetwake'],
      'mosquitto-accounts': ['mosquitto-accounts --out mosquitto'],
      backup: ['backup /backups/2027-01-15'],
    },
  },
  {
    heading: 'Buy and follow:',
    examples: {
      buy: [
        'buy WFWAUR1E6TA100001 heated-seats --wait',
        'buy WFWAUR1E6TA100001 heated-seats --duration "1 month" --card chargeDeclined --customer ana',
      ],
      events: ['events', 'events --after 0 --json'],
      vehicle: ['vehicle WFWAUR1E6TA100001'],
      purchase: ['purchase', 'purchase pur_1 --json'],
      'purchase record': ['purchase record pur_1 --view customer'],
      activation: ['activation --limit 5', 'activation act_1'],
      'activation show': ['activation show act_1'],
      cancel: ['cancel pur_1'],
      register: ['register 1M8GDM9AXKP042788 --customer ana', 'register --file vehicles.jsonl --json'],
      customer: [],
      'customer export': ['customer export ana --file ana.json'],
      'customer erase': ['customer erase ana --yes'],
    },
  },
  {
    heading: 'Inject faults:',
    examples: {
      fault: [],
      'fault add': [
        'fault add offline --vin WFWAUR1E6TA100001 --for "5 min"',
        'fault add server_error --service api_iot --set status=503 --toxicity 20%',
      ],
      'fault list': ['fault list'],
      'fault remove': ['fault remove fault-1'],
      'fault clear': ['fault clear'],
    },
  },
  {
    heading: 'Support and operate:',
    examples: {
      ticket: ['ticket --overdue', 'ticket tkt_1 assign --as ana --technician ben'],
      settlement: [
        'settlement',
        'settlement act_1 resolve --as ana --resolution written-off --reason "paid in cash"',
      ],
      restore: ['restore', 'restore resume'],
      'reconcile-payments': ['reconcile-payments', 'reconcile-payments --apply --as ana'],
      notification: ['notification', 'notification ntc_1 resend'],
      'webhook-event': ['webhook-event', 'webhook-event evt_1 replay'],
      'webhook-resume': ['webhook-resume'],
      parked: ['parked', 'parked cmd_1 replay'],
      incident: ['incident', 'incident inc_1 end'],
      pause: ['pause --reason "maintenance of the API IoT"'],
      resume: ['resume'],
      requeue: ['requeue act_1'],
    },
  },
  {
    heading: 'Bring your own:',
    examples: {
      models: ['models --models my/models', 'models --schema'],
      adapters: ['adapters --adapter my/api.yaml', 'adapters --show polling-only'],
      conform: [
        'conform http://127.0.0.1:8081 --vin WFWAUR1E6TA100001 --client-id me --client-secret secret',
      ],
    },
  },
];

/** Sorts the commands of the help by what they are for, and adds the examples to the help of each. */
export function addHelp(program: Command): void {
  for (const { heading, examples } of helpGroups) {
    for (const [name, calls] of Object.entries(examples)) {
      const [first = '', second] = name.split(' ');
      const command = named(program, first);
      const shown = second === undefined ? command : named(command, second);
      if (shown === undefined) continue;
      if (second === undefined) shown.helpGroup(heading);
      if (calls.length === 0) continue;
      const lines = calls.map((call) => `  fleetwake ${call}`);
      shown.addHelpText('after', `\n${calls.length === 1 ? 'Example' : 'Examples'}:\n${lines.join('\n')}`);
    }
  }
  program.commandsGroup('Help:').helpCommand('help [command]', 'display help for command');
}

const named = (parent: Command | undefined, name: string) =>
  parent?.commands.find((command) => command.name() === name);
