"""What light does: indices of refraction, transparency, mirror and sensors, by wavelength in nm."""

import numpy as np

HC = 1239.841984  # eV nm
# The band that sensors see: 700 to 310 nm, as photon energies in eV, rising, as Geant4 wants them.
ENERGY_EV = np.linspace(1.77, 4.0, 24)
WAVELENGTH = HC / ENERGY_EV
MIRROR_REFLECTIVITY = 0.90

MASS_GEV = {"pi+": 0.13957039, "kaon+": 0.493677}
PDG = {"pi+": 211, "kaon+": 321}


def aerogel_index(wavelength, index_at_400):
    """Silica's dispersion (one Sellmeier pole at 83.22 nm), scaled to the given index at 400 nm."""

    def pole(length):
        return length**2 / (length**2 - 83.22**2)

    return np.sqrt(1 + (index_at_400**2 - 1) * pole(wavelength) / pole(400.0))


def gas_index(wavelength):
    """Hexafluoroethane (C2F6) at room temperature and pressure: one pole at 65.47 nm."""
    return 1 + 0.18994e-6 / (65.47**-2 - wavelength**-2)


def aerogel_scattering_length(wavelength):
    """Rayleigh scattering, 50 mm at 400 nm and proportional to the fourth power of the wavelength."""
    return 50.0 * (wavelength / 400.0) ** 4


def sensor_efficiency(wavelength):
    """Share of photons that a silicon photomultiplier of this kind detects, dead area included."""
    at = [300, 325, 350, 400, 450, 500, 550, 600, 650, 700, 800]
    share = [0.02, 0.16, 0.28, 0.38, 0.40, 0.38, 0.33, 0.27, 0.21, 0.17, 0.10]
    return np.interp(wavelength, at, share)


def cherenkov_angle(index, momentum, mass):
    """arccos(1 / (n beta)) of a particle; NaN below threshold, where there is no light."""
    cosine = np.hypot(momentum, mass) / (momentum * index)
    return np.arccos(cosine) if cosine <= 1.0 else np.nan
