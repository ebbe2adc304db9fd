"""The processes that are simulated: Cherenkov light and its fate, and what charged particles do to it."""

from .g4 import g4

# Ionisation has to stay: the Cherenkov process takes its steps from the table of ranges. Everything else
# of the electromagnetic constructor (photons that convert, annihilation, ...) would read data sets, and
# makes no difference to a ring. There is no hadronic interaction and no decay.
KEPT = set(
    "Transportation msc eIoni hIoni muIoni ionIoni CoulombScat hBrems hPairProd muBrems muPairProd "
    "Cerenkov OpAbsorption OpRayleigh OpBoundary".split()
)

COMMANDS = """
/control/verbose 0
/run/verbose 0
/process/em/verbose 0
/process/had/verbose 0
/process/optical/verbose 0
/process/optical/processActivation Scintillation false
/process/optical/processActivation OpWLS false
/process/optical/processActivation OpWLS2 false
/process/optical/processActivation OpMieHG false
/process/optical/cerenkov/setMaxPhotons 50
/process/optical/cerenkov/setTrackSecondariesFirst true
/process/optical/boundary/setInvokeSD true
""".split("\n")[1:-1]


class Physics(g4.G4VModularPhysicsList):
    """Standard electromagnetic and optical physics, less the processes that are not `KEPT`."""

    def __init__(self):
        super().__init__()
        self.SetVerboseLevel(0)
        self.SetDefaultCutValue(0.7 * g4.mm)
        self.parts = [g4.G4EmStandardPhysics(), g4.G4OpticalPhysics()]
        for part in self.parts:
            part.SetVerboseLevel(0)
            self.RegisterPhysics(part)

    def ConstructProcess(self):
        super().ConstructProcess()
        # Before tables are built, so that no table is built for what is taken away.
        for particle in particles():
            manager = particle.GetProcessManager()
            if manager is None:
                continue
            processes = manager.GetProcessList()
            names = [processes[i].GetProcessName() for i in range(manager.GetProcessListLength())]
            for index in reversed(range(len(names))):
                if names[index] not in KEPT:
                    manager.RemoveProcess(index)


def particles():
    """Every kind of particle that Geant4 knows so far."""
    table = g4.G4ParticleTable.GetParticleTable()
    return [table.GetParticle(index) for index in range(table.size())]


def apply_commands(commands):
    """Runs user-interface commands. The binding hides whether one was refused: see what is printed."""
    manager = g4.G4UImanager.GetUIpointer()
    for command in commands:
        manager.ApplyCommand(command)
