"""Mappings and loaded programs with one fault each, for the test of the checker.

A fault is a function of (mapping, program) that returns what is checked instead: a dictionary of arguments of
``check``, with ``mapping`` where the mapping itself is at fault.
"""

from dataclasses import replace

import numpy as np
from engine_cases import SPINNAKER, TRUENORTH, integer_case
from strategies import draw_case

import neurosim as ns
from neurosim.mapping import Mapping, nets_of
from neurosim.program import Destinations

# So little room that the networks below need several cores.
LOIHI = ns.load_chip("loihi").with_overrides({"limits.compartments": "7", "limits.threshold_profiles": "3"})
SPINNAKER = SPINNAKER.with_overrides({"limits.data_bytes": "900"})
TRUENORTH = TRUENORTH.with_overrides({"limits.neurons": "40"})


def loihi_case():
    """Two compartments per neuron in one population, one in the other, several cores."""
    case = draw_case(9, ("pair", "single"))
    return ns.map(case.network, LOIHI, "hilbert"), case.pulses


def spinnaker_case():
    net, pulses = integer_case(1, 3)
    return ns.map(net, SPINNAKER), pulses


def truenorth_case():
    net, pulses = integer_case(1, 3)
    return ns.map(net, TRUENORTH), pulses


CASES = {"loihi": loihi_case, "spinnaker2": spinnaker_case, "truenorth": truenorth_case}


# ---- tools ---------------------------------------------------------------------------------------------------


def changed(array, place, value):
    """Return a copy with one entry changed; ``value`` may be a function of what stood there."""
    copy = array.copy()
    copy[place] = value(copy[place]) if callable(value) else value
    return copy


def with_image(program, core, **changes):
    images = list(program.images)
    images[core] = replace(images[core], **changes)
    return replace(program, images=tuple(images))


def with_outputs(program, core, table):
    outputs = list(program.outputs)
    outputs[core] = table
    return replace(program, outputs=tuple(outputs))


def sender(program):
    """Return the first core of which a unit sends, and the place of its first entry's unit."""
    core = next(k for k, table in enumerate(program.outputs) if len(table.core))
    return core, int(np.flatnonzero(np.diff(program.outputs[core].ptr))[0])


def without_entry(table, k):
    statics = None if table.static is None else np.delete(table.static, k)
    ptr = table.ptr - (table.ptr > k)
    return Destinations(ptr, np.delete(table.core, k), np.delete(table.axon, k), statics)


def with_entry(table, unit, core, axon):
    """Return the table with one more entry of a unit, in front of its others."""
    at = table.ptr[unit]
    ptr = table.ptr + (np.arange(len(table.ptr)) > unit)
    statics = None if table.static is None else np.insert(table.static, at, 1)
    return Destinations(ptr, np.insert(table.core, at, core), np.insert(table.axon, at, axon), statics)


def changed_entry(table, **changes):
    """Return the table with entry 0 changed in the given columns."""
    return replace(table, **{name: changed(getattr(table, name), 0, value) for name, value in changes.items()})


def output_fault(alter):
    """Make a fault of a change to the table of destinations of the first core that sends."""

    def fault(mapping, program):
        core, unit = sender(program)
        return {"program": with_outputs(program, core, alter(program, program.outputs[core], unit))}

    return fault


def input_fault(alter):
    def fault(mapping, program):
        return {"program": replace(program, inputs=alter(program, program.inputs, 0))}

    return fault


def image_fault(alter, core=0):
    """Make a fault of changes, a dictionary, to the memory of a core."""

    def fault(mapping, program):
        return {"program": with_image(program, core, **alter(program.images[core]))}

    return fault


def limit_fault(limit):
    """Make a chip that has one less of a limit than the mapping needs."""

    def fault(mapping, program):
        from neurosim.cores import core_kind

        needed = max(u.needed for u in core_kind(mapping.chip.core_kind).usage(program) if u.limit == limit)
        chip = mapping.chip.with_overrides({f"limits.{limit}": str(needed - 1)})
        return {"mapping": replace(mapping, chip=chip), "program": replace(program, chip=chip)}

    return fault


def moved(mapping, core_of):
    """Load another placement, and give it out for this one."""
    other = Mapping(mapping.network, mapping.lowered, mapping.chip, core_of.astype(np.int32), "by hand", mapping.seed)
    from neurosim.cores import core_kind

    return core_kind(mapping.chip.core_kind).load(other, nets_of(mapping.lowered.network))


def with_members(program, **changes):
    """Change the list of where the first population's neuron 0 is."""
    name = next(iter(program.members))
    members = program.members[name]
    new = replace(members, **{key: changed(getattr(members, key), 0, value) for key, value in changes.items()})
    return replace(program, members={**program.members, name: new})


def synapse_removed(image):
    """Take the first synapse of the first axon that has two out of a list of synapses."""
    ptr = image.axon_ptr if hasattr(image, "axon_ptr") else image.row_ptr
    axon = int(np.flatnonzero(np.diff(ptr) > 1)[0])
    at = ptr[axon]
    names = ("target", "weight", "delay", *(["shift"] if hasattr(image, "shift") else []))
    changes = {name: np.delete(getattr(image, name), at) for name in names}
    return changes | {("axon_ptr" if hasattr(image, "axon_ptr") else "row_ptr"): ptr - (np.arange(len(ptr)) > axon)}


# ---- the mapping itself --------------------------------------------------------------------------------------


def on_a_dead_core(mapping, program):
    return {"dead_cores": [int(mapping.cores[0])]}


def on_a_core_of_the_system(mapping, program):
    core_of = mapping.core_of.copy()
    core_of[core_of == core_of[0]] = mapping.chip.n_cores - 1
    return {"mapping": replace(mapping, core_of=core_of)}


def across_a_dead_link(mapping, program):
    # All that leaves tile 0 to the east, where the other tiles in use are.
    core_of = np.where(mapping.core_of == mapping.core_of[0], 0, 4 * mapping.chip.cores_per_tile).astype(np.int32)
    return {"mapping": replace(mapping, core_of=core_of), "dead_links": {(0, 1), (4, 3)}}


def too_many_on_one_core(mapping, program):
    return {"mapping": replace(mapping, core_of=np.zeros_like(mapping.core_of))}


# ---- loaded for another placement ----------------------------------------------------------------------------


def swapped_cores(mapping, program):
    a, b = mapping.cores[:2]
    core_of = np.where(mapping.core_of == a, b, np.where(mapping.core_of == b, a, mapping.core_of))
    return {"program": moved(mapping, core_of)}


def one_neuron_elsewhere(mapping, program):
    return {"program": moved(mapping, changed(mapping.core_of, 0, mapping.cores[-1]))}


def one_core_missing(mapping, program):
    return {
        "program": moved(mapping, np.where(mapping.core_of == mapping.cores[-1], mapping.cores[0], mapping.core_of))
    }


def memories_exchanged(mapping, program):
    first, second, *rest = program.images
    return {"program": replace(program, images=(second, first, *rest))}


def physical_ids_exchanged(mapping, program):
    return {"program": replace(program, cores=program.cores[::-1].copy())}


# ---- tables of one core --------------------------------------------------------------------------------------


def neuron_on_two_cores(mapping, program):
    """A copy of the first compartment of core 0 stands on the last core as well."""
    k, (first, last) = len(program.images) - 1, (program.images[0], program.images[-1])
    columns = [np.append(b, a[0]) for a, b in zip(first.parameters, last.parameters, strict=True)]
    image = {
        "n": last.n + 1,
        "fixed": np.append(last.fixed, last.n),
        "parameters": type(last.parameters)(*columns),
        "initial": np.append(last.initial, first.initial[0]),
    }
    table = program.outputs[k]
    more = with_outputs(program, k, replace(table, ptr=np.append(table.ptr, table.ptr[-1])))
    return {"program": with_image(more, k, **image)}


def dendrite_that_sends(mapping, program):
    core, _ = sender(program)
    table = program.outputs[core]
    dendrite = next(
        int(m.state[i])
        for m in program.members.values()
        for i in np.flatnonzero(m.core == core)
        if m.soma[i] != m.state[i]
    )
    return {"program": with_outputs(program, core, with_entry(table, dendrite, int(table.core[0]), int(table.axon[0])))}


def axon_too_many(mapping, program):
    image = program.images[0]
    return {
        "program": with_image(
            program,
            0,
            axon_ptr=np.append(image.axon_ptr, image.axon_ptr[-1] + 1),
            target=np.append(image.target, np.int32(0)),
            weight=np.append(image.weight, np.int32(64)),
            delay=np.append(image.delay, np.int16(0)),
            axon_bits=np.append(image.axon_bits, image.axon_bits[0]),
            axon_sparse=np.append(image.axon_sparse, image.axon_sparse[0]),
            axon_format=np.append(image.axon_format, image.axon_format[0]),
        )
    }


def register(name):
    """Make a fault of one register of unit 0 of core 0."""

    def fault(mapping, program):
        image = program.images[0]
        own = getattr(image.parameters, name)
        value = ~own[0] if own.dtype == np.bool_ else own[0] + 1
        return {
            "program": with_image(program, 0, parameters=image.parameters._replace(**{name: changed(own, 0, value)}))
        }

    return fault


def crossbar_register(name, column=0):
    def fault(mapping, program):
        image = program.images[0]
        own = getattr(image.registers, name)
        place = (0, column) if own.ndim == 2 else column
        value = (lambda old: not old) if own.dtype == np.bool_ else (lambda old: old + 1)
        return {
            "program": with_image(program, 0, registers=image.registers._replace(**{name: changed(own, place, value)}))
        }

    return fault


def another_copy(mapping, program):
    """A copy that is not like its neuron: the second column of the first neuron that has one."""
    for k, image in enumerate(program.images):
        first = np.sort(np.concatenate([m.state[m.core == k] for m in program.members.values()]))
        wide = first[np.diff(np.append(first, image.n)) > 1]
        if len(wide):
            column = int(wide[0]) + 1
            registers = image.registers._replace(threshold=changed(image.registers.threshold, column, 99))
            return {"program": with_image(program, k, registers=registers)}
    raise AssertionError("no neuron has a copy")


def nowhere(mapping, program):
    members = dict(program.members)
    members.pop(next(iter(members)))
    return {"program": replace(program, members=members)}


def flipped_bit(image):
    return {"rows": changed(image.rows, (0, 0), lambda byte: byte ^ 1)}


def rows_out_of_order(program, table, unit):
    ptr = table.ptr.copy()
    ptr[unit + 1] = ptr[-1] + 1
    return replace(table, ptr=ptr)


# ---- routes that a mapping states ------------------------------------------------------------------------------


def stated(route):
    """Make a fault of a route from tile 0 to tile 4 * columns + 4 or so; ``route`` gives its tiles."""

    def fault(mapping, program):
        chip, start, end = mapping.chip, *two_tiles(mapping)
        return {"routes": {(start, end): route(chip, start, end)}}

    return fault


def two_tiles(mapping):
    """Return two different tiles between which the mapping sends packets: the first port and a core in use."""
    x, y = mapping.chip.io.ports[0]
    tiles = [int(core) // mapping.chip.cores_per_tile for core in mapping.cores]
    start = x + mapping.chip.columns * y
    return start, next(tile for tile in tiles if tile != start)


def looped(chip, start, end):
    return (start, start + 1, start, end)


def jumping(chip, start, end):
    return (start, start + 2 * chip.columns + 1, end)


def ending_elsewhere(chip, start, end):
    return (start, start + chip.columns)


# ---- what only a run shows -------------------------------------------------------------------------------------


def other_noise(mapping, program):
    """The noise of another seed: nothing that the tables of synapses or registers tell."""
    other = ns.load_program(replace(mapping, seed=mapping.seed + 1))
    images = tuple(replace(a, noise=b.noise) for a, b in zip(program.images, other.images, strict=True))
    return {"program": replace(program, images=images)}


def narrow(width, value):
    """Make a fault of an arithmetic that holds less than the chip's; all tables are as they should be."""

    def fault(mapping, program):
        return {"program": replace(program, chip=program.chip.with_overrides({f"arithmetic.{width}": value}))}

    return fault


def other_delay(mapping, program):
    images = [replace(image, delay=image.delay + 1) for image in program.images]
    return {"program": replace(program, images=tuple(images))}


def clock_too_fast(mapping, program):
    chip = mapping.chip.with_overrides({"clock.tick": "1 us"})
    return {"mapping": replace(mapping, chip=chip), "program": replace(program, chip=chip)}


# (name, chip, part of the report that must fail, fault)
FAULTS = [
    *(
        (f"one {limit} too many, {chip}", chip, "legality", limit_fault(limit))
        for chip, limits in {
            "loihi": (
                "compartments input_axons output_axons synapse_memory_words compartment_profiles threshold_profiles"
                " synapse_formats accumulator_slots weight_bits_max"
            ),
            "spinnaker2": "data_bytes sram_bytes router_entries delay_max weight_bits",
            "truenorth": "neurons axons axon_types weight_max delay_max scheduler_slots",
        }.items()
        for limit in limits.split()
    ),
    ("dead core", "loihi", "legality", on_a_dead_core),
    ("core kept for the system", "spinnaker2", "legality", on_a_core_of_the_system),
    ("all on one core", "loihi", "legality", too_many_on_one_core),
    ("dead link", "truenorth", "routes", across_a_dead_link),
    *((f"swapped cores, {chip}", chip, "placement", swapped_cores) for chip in CASES),
    *((f"one neuron elsewhere, {chip}", chip, "placement", one_neuron_elsewhere) for chip in CASES),
    *((f"one core missing, {chip}", chip, "placement", one_core_missing) for chip in CASES),
    ("memories of two cores exchanged", "spinnaker2", "placement", memories_exchanged),
    ("ids of cores exchanged", "loihi", "placement", physical_ids_exchanged),
    ("neuron on two cores", "loihi", "placement", neuron_on_two_cores),
    ("population nowhere", "loihi", "placement", nowhere),
    ("two neurons on one unit", "spinnaker2", "placement", lambda m, p: {"program": with_members(p, soma=1, state=1)}),
    ("unit that is none", "truenorth", "placement", lambda m, p: {"program": with_members(p, soma=999, state=999)}),
    ("neuron listed on another core", "loihi", "placement", lambda m, p: {"program": with_members(p, core=1)}),
    *((f"wrong {name}", "loihi", "placement", register(name)) for name in ("threshold", "decay_v", "bias", "spiking")),
    *(
        (f"wrong {name} of an element", "spinnaker2", "placement", register(name))
        for name in ("threshold", "fires_at", "decay", "reset", "shift")
    ),
    *(
        (f"wrong {name} of a column", "truenorth", "placement", crossbar_register(name))
        for name in ("threshold", "weight", "leak", "saturate")
    ),
    ("copy unlike its neuron", "truenorth", "placement", another_copy),
    ("first membrane", "spinnaker2", "placement", image_fault(lambda i: {"initial": changed(i.initial, 0, 5)})),
    ("missing synapse", "loihi", "completeness", image_fault(synapse_removed)),
    ("missing synapse of an element", "spinnaker2", "completeness", image_fault(synapse_removed)),
    ("crossbar bit", "truenorth", "completeness", image_fault(flipped_bit)),
    (
        "wrong weight",
        "loihi",
        "completeness",
        image_fault(lambda i: {"weight": changed(i.weight, 0, lambda w: w + 64)}),
    ),
    ("wrong sign", "spinnaker2", "completeness", image_fault(lambda i: {"weight": changed(i.weight, 0, lambda w: -w)})),
    ("wrong shift", "spinnaker2", "completeness", image_fault(lambda i: {"shift": changed(i.shift, 0, 3)})),
    ("wrong delay", "loihi", "completeness", image_fault(lambda i: {"delay": changed(i.delay, 0, lambda d: d + 1)})),
    (
        "wrong target",
        "spinnaker2",
        "completeness",
        image_fault(lambda i: {"target": changed(i.target, 0, lambda t: t ^ 1)}),
    ),
    ("wrong axon type", "truenorth", "completeness", image_fault(lambda i: {"axon_type": changed(i.axon_type, 0, 3)})),
    ("one axon too many", "loihi", "completeness", axon_too_many),
    ("dendrite that sends", "loihi", "completeness", dendrite_that_sends),
    *(
        (f"{name}, {where} of {chip}", chip, "completeness", make(alter))
        for chip in CASES
        for where, make in (("outputs", output_fault), ("inputs", input_fault))
        for name, alter in (
            ("missing entry", lambda p, t, u: without_entry(t, 0)),
            ("entry twice", lambda p, t, u: with_entry(t, u, int(t.core[0]), int(t.axon[0]))),
            ("stale entry", lambda p, t, u: changed_entry(t, axon=500)),
            ("entry to a core that is none", lambda p, t, u: changed_entry(t, core=77)),
            ("entry to another axon", lambda p, t, u: changed_entry(t, axon=lambda a: a ^ 1)),
            ("entry to another core", lambda p, t, u: changed_entry(t, core=lambda c: (c + 1) % len(p.cores))),
            ("rows out of order", rows_out_of_order),
        )
    ),
    (
        "wrong delay of an entry",
        "truenorth",
        "completeness",
        input_fault(lambda p, t, u: changed_entry(t, static=lambda d: d + 1)),
    ),
    ("bits of an axon understated", "loihi", "legality", image_fault(lambda i: {"axon_bits": 0 * i.axon_bits})),
    ("route with a loop", "loihi", "routes", stated(looped)),
    ("route that jumps", "truenorth", "routes", stated(jumping)),
    ("route that ends elsewhere", "loihi", "routes", stated(ending_elsewhere)),
    ("noise of another seed", "loihi", "equivalence", other_noise),
    ("membranes of two bits", "spinnaker2", "equivalence", narrow("state_bits", "2")),
    ("potentials up to 1", "truenorth", "equivalence", narrow("potential_high", "1")),
    ("a tick more delay", "truenorth", "completeness", other_delay),
    ("clock too fast", "spinnaker2", "timing", clock_too_fast),
    ("clock too fast for crossbars", "truenorth", "timing", clock_too_fast),
]
