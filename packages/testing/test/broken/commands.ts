import type { ClaimOutcome, CommandStore } from '@nestwire/realtime';
import { commandStoreConformance } from '../../src/index.js';
import { type Fault, type Faults, overriding, roundTrip } from './faults.js';

/** A backend whose commands have some methods replaced. */
function withCommands(change: (commands: CommandStore) => Partial<CommandStore>): Fault {
  return (backend) => ({ ...backend, commands: overriding(backend.commands, change(backend.commands)) });
}

/** Looks, and claims a round trip later. */
function looksTooEarly(commands: CommandStore): Partial<CommandStore> {
  const claimed = new Set<string>();
  return {
    async claim(claim): Promise<ClaimOutcome> {
      const taken = claimed.has(claim.scope + claim.id);
      await roundTrip();
      claimed.add(claim.scope + claim.id);
      const outcome = await commands.claim(claim);
      return taken ? outcome : { status: 'claimed' };
    },
  };
}

function joinsNames(commands: CommandStore): Partial<CommandStore> {
  return {
    claim: (claim) => commands.claim({ ...claim, scope: '', id: `${claim.scope}:${claim.id}` }),
    settle: (scope, id, reply) => commands.settle('', `${scope}:${id}`, reply),
  };
}

export const brokenCommands: Faults = {
  suite: commandStoreConformance,
  faults: {
    'of 100 concurrent claims exactly one has it, and the others are told who': {
      'lets two claim': withCommands(looksTooEarly),
      'tells nobody who runs it': withCommands((commands) => ({
        claim: (claim) => commands.claim({ ...claim, node: 'somebody' }),
      })),
    },
    'the first claim has the command; another of the same body is told who runs it': {
      'lets everybody claim': withCommands(() => ({ claim: async () => ({ status: 'claimed' }) })),
    },
    'an id that comes with another body is a conflict, running and settled, and leaves the first as it is': {
      'never sees a conflict': withCommands((commands) => ({
        claim: (claim) => commands.claim({ ...claim, digest: '' }),
      })),
    },
    'ids of different scopes never meet, whatever they look like joined': {
      'joins scope and id': withCommands(joinsNames),
      'forgets scopes': withCommands((commands) => ({
        claim: (claim) => commands.claim({ ...claim, scope: '' }),
        settle: (_scope, id, reply) => commands.settle('', id, reply),
      })),
    },
    'a settled command gives its first reply, byte for byte, as often as it is claimed': {
      'never settles': withCommands(() => ({ settle: async () => {} })),
      'parses replies and prints them again': withCommands((commands) => ({
        settle: (scope, id, reply) => commands.settle(scope, id, JSON.stringify(JSON.parse(reply))),
      })),
    },
    'settling what nobody has claimed leaves the id free': {
      'makes a record of what nobody claimed': withCommands((commands) => ({
        async settle(scope, id, reply) {
          await commands.claim({ scope, id, digest: 'digest', node: 'node' });
          await commands.settle(scope, id, reply);
        },
      })),
    },
    'a claim is kept for its time and then forgotten, settled or not': {
      'never forgets': withCommands((commands) => {
        const known = new Map<string, ClaimOutcome>();
        return {
          async claim(claim) {
            const outcome = await commands.claim(claim);
            if (outcome.status === 'claimed' && known.has(claim.scope)) return known.get(claim.scope)!;
            if (outcome.status !== 'claimed') known.set(claim.scope, outcome);
            return outcome;
          },
        };
      }),
    },
  },
};
