//! Linear and mixed-integer programs over a polytope: a point deep inside, and the allowed integers
//! nearest to given ones.

use super::nearest::Face;
use super::polytope::Polytope;
use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, SolveOptions, Variable};

/// Branch-and-bound nodes after which the best point so far is taken: a count, not a time, so that
/// the same question has the same answer everywhere. Many for the one question whether there is any
/// design, few for the frequent one which is nearest.
const NODES_ONCE: u64 = 20_000;
const NODES_OFTEN: u64 = 200;

/// Why there is no point.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NoPoint {
    /// The program has no solution.
    Empty,
    /// The solver gave up.
    Unsolved(String),
}

/// The point whose floats lie as far as possible from every face and bound, integers free or, if
/// `held` is given, where it has them. The distance is zero if the constraints leave no room.
pub(super) fn centre(polytope: &Polytope, held: Option<&[f64]>) -> Result<Vec<f64>, NoPoint> {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let room = problem.add_var(1.0, (0.0, 0.5));
    let variables = Variables::add(&mut problem, polytope, held);
    for (k, axis) in polytope.axes.iter().enumerate() {
        if !axis.integer && axis.range() > 0.0 {
            let z = variables.0[k].0;
            problem.add_constraint([(z, 1.0), (room, -1.0)], ComparisonOp::Ge, 0.0);
            problem.add_constraint([(z, 1.0), (room, 1.0)], ComparisonOp::Le, 1.0);
        }
    }
    for face in &polytope.faces {
        let floats = polytope.axes.iter().zip(&face.normal).filter(|(axis, _)| !axis.integer);
        let share = floats.map(|(_, a)| a * a).sum::<f64>().sqrt();
        let mut within = variables.sum(&face.normal);
        if !face.equality {
            within.add(room, share);
        }
        bound(&mut problem, face, within);
    }
    solve(&problem, &variables, polytope, NODES_ONCE)
}

/// The allowed point with the least sum of distances from `target`, or one not much farther if
/// proving that takes long.
pub(super) fn closest(polytope: &Polytope, target: &[f64]) -> Result<Vec<f64>, NoPoint> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let variables = Variables::add(&mut problem, polytope, None);
    for (k, t) in target.iter().enumerate() {
        let (variable, unit) = variables.0[k];
        let distance = problem.add_var(1.0, (0.0, f64::INFINITY));
        problem.add_constraint([(distance, 1.0), (variable, -unit)], ComparisonOp::Ge, -t);
        problem.add_constraint([(distance, 1.0), (variable, unit)], ComparisonOp::Ge, *t);
    }
    for face in &polytope.faces {
        bound(&mut problem, face, variables.sum(&face.normal));
    }
    solve(&problem, &variables, polytope, NODES_OFTEN)
}

/// Holds an expression to a face, with a small part of its tolerance: the solver's own is absolute.
fn bound(problem: &mut Problem, face: &Face, expression: LinearExpr) {
    let leeway = 0.1 * face.tolerance;
    if face.equality {
        problem.add_constraint(expression.clone(), ComparisonOp::Ge, face.bound - leeway);
    }
    problem.add_constraint(expression, ComparisonOp::Le, face.bound + leeway);
}

/// Per axis the solver's variable and how much of the axis one unit of it is.
struct Variables(Vec<(Variable, f64)>);

impl Variables {
    fn add(problem: &mut Problem, polytope: &Polytope, held: Option<&[f64]>) -> Self {
        let variable = |k: usize| {
            let axis = &polytope.axes[k];
            if axis.range() == 0.0 {
                return (problem.add_var(0.0, (0.0, 0.0)), 1.0);
            }
            match held {
                Some(z) if axis.integer => (problem.add_var(0.0, (z[k], z[k])), 1.0),
                // More values than the solver can count are as good as real numbers.
                _ if axis.integer && axis.range() < f64::from(i32::MAX) => {
                    let count = axis.range().round() as i32;
                    (problem.add_integer_var(0.0, (0, count)), 1.0 / axis.range())
                }
                _ => (problem.add_var(0.0, (0.0, 1.0)), 1.0),
            }
        };
        Self((0..polytope.axes.len()).map(variable).collect())
    }

    fn sum(&self, normal: &[f64]) -> LinearExpr {
        let mut expression = LinearExpr::empty();
        for ((variable, unit), a) in self.0.iter().zip(normal) {
            if *a != 0.0 {
                expression.add(*variable, a * unit);
            }
        }
        expression
    }
}

fn solve(
    problem: &Problem,
    variables: &Variables,
    polytope: &Polytope,
    nodes: u64,
) -> Result<Vec<f64>, NoPoint> {
    let mut options = SolveOptions::default();
    options.node_limit = Some(nodes);
    options.tolerances.feasibility = 1e-9;
    let outcome = problem.solve_with(options).map_err(|e| match e {
        microlp::Error::Infeasible => NoPoint::Empty,
        other => NoPoint::Unsolved(other.to_string()),
    })?;
    let Some(solution) = outcome.solution() else {
        return Err(NoPoint::Unsolved(format!("nothing found in {nodes} branches")));
    };
    let value =
        |&(variable, unit): &(Variable, f64)| (solution.var_value(variable) * unit).clamp(0.0, 1.0);
    let z: Vec<f64> = variables.0.iter().map(value).collect();
    Ok(polytope.rounded(&z))
}
