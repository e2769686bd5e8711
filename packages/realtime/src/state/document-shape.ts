import type { Type } from '@nestjs/common';
import { type Fields, RealtimeError } from '@nestwire/protocol';
import { isPlainObject } from '../limits/json-guard.js';

/** So many fields' faults are told; a large array would have one for each element. */
const MAX_FAULTS = 50;

/** What class-validator says of a value. */
interface Fault {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly Fault[];
}

/** What is used of the two packages, which are there only where a document has a class. */
interface Packages {
  plainToInstance(type: Type, plain: object): object;
  validate(object: object, options: object): Promise<Fault[]>;
  isDecorated(type: Type): boolean;
}

const STRICT = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
};

/** What the fields of a document must be like: a class with decorators of class-validator. */
export class DocumentShape {
  private constructor(
    private readonly type: Type,
    private readonly packages: Packages,
  ) {}

  /** @throws Error where class-validator or class-transformer is not installed, or the class has no decorators of the first. */
  static async of(type: Type, owner: string): Promise<DocumentShape> {
    const packages = await load(owner);
    if (packages.isDecorated(type)) return new DocumentShape(type, packages);
    throw new Error(
      `Nestwire: the type of ${owner}, ${type.name}, has no decorators of class-validator: it would allow no field at all`,
    );
  }

  /**
   * Checks the fields that a patch sets or removes by the decorators of each, and no others. What has not been declared may be removed.
   * @returns What the document would lack if this patch were its beginning; undefined where it could be.
   * @throws RealtimeError `bad_request` with `details.fields`, messages by field, where it is not as it must be.
   */
  async check(set: Readonly<Fields>, removed: readonly string[]): Promise<RealtimeError | undefined> {
    const instance = this.packages.plainToInstance(this.type, set);
    const faults = [...(await this.packages.validate(instance, STRICT)), ...passedOver(set, instance)];
    const touched = new Set([...Object.keys(set), ...removed]);
    const wrong = faults.filter(({ property }) => touched.has(property));
    if (wrong.length > 0) throw refusal('fields are not as they must be', wrong);
    return faults.length === 0 ? undefined : refusal('fields are missing', faults);
  }
}

/** What class-transformer leaves out, so that nobody would check it: `toString` and whatever else is named like a method or a getter, or is renamed. */
function passedOver(plain: unknown, instance: unknown): Fault[] {
  if (!isObject(plain) || !isObject(instance)) return [];
  return Object.keys(plain).flatMap((property): Fault[] => {
    if (Object.hasOwn(instance, property)) {
      const children = passedOver(plain[property], instance[property]);
      return children.length === 0 ? [] : [{ property, children }];
    }
    if (!isOfClass(instance) || hasSetter(instance, property)) return [];
    return [{ property, constraints: { whitelist: `property ${property} should not exist` } }];
  });
}

function isOfClass(instance: object): boolean {
  return !Array.isArray(instance) && !isPlainObject(instance);
}

function hasSetter(instance: object, name: string): boolean {
  let owner: object | null = instance;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object | null;
  return owner !== null && Object.getOwnPropertyDescriptor(owner, name)?.set !== undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function refusal(message: string, faults: readonly Fault[]): RealtimeError {
  const fields = Object.fromEntries(faults.flatMap((fault) => messagesOf(fault)).slice(0, MAX_FAULTS));
  return new RealtimeError('bad_request', message, { details: { fields } });
}

/** The messages by path: `lines.0.qty`. */
function messagesOf({ property, constraints, children = [] }: Fault, prefix = ''): [string, string[]][] {
  const path = prefix + property;
  const own: [string, string[]][] = constraints === undefined ? [] : [[path, Object.values(constraints)]];
  return [...own, ...children.flatMap((child) => messagesOf(child, `${path}.`))];
}

async function load(owner: string): Promise<Packages> {
  try {
    const [{ plainToInstance }, { validate, getMetadataStorage }] = await Promise.all([
      import('class-transformer'),
      import('class-validator'),
    ]);
    return {
      plainToInstance,
      validate,
      isDecorated: (type) =>
        getMetadataStorage().getTargetValidationMetadatas(type, '', false, false).length > 0,
    };
  } catch (cause) {
    throw new Error(
      `Nestwire: the type of ${owner} needs the packages class-validator and class-transformer: npm install class-validator class-transformer`,
      { cause },
    );
  }
}
